// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/event_table_model.h"
#include "ui/models/layer_data.h"
#include "ui/models/run_data.h"
#include "ui/models/run_settings.h"
#include "ui/models/run_table_model.h"
#include "ui/session/store_reader.h"
#include "ui/session/training_session.h"
#include "ui/training/dashboard.h"
#include "ui/training/events_panel.h"
#include "ui/training/layer_page.h"
#include "ui/training/load_panel.h"
#include "ui/training/new_run_panel.h"
#include "ui/training/readout_strip.h"
#include "ui/training/runs_panel.h"
#include "ui/training/shared_axis.h"
#include "ui/training/steering_panel.h"
#include "ui/training/training_workspace.h"

#include <QDockWidget>
#include <QMap>
#include <QPointer>
#include <QTimer>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

class QComboBox;
class QSlider;

namespace moe::training {

/// The workspace's parts and what they say to each other; the functions stand in
/// workspace_layout.cpp (docks), workspace_actions.cpp (registry, toolbar), workspace_runs.cpp
/// (store, session) and training_workspace.cpp (the frame).
struct TrainingWorkspace::Impl {
    Impl(TrainingWorkspace& workspace, shell::ShellServices shellServices,
        const std::filesystem::path& store);

    // Layout
    enum class Size { Small, Normal, Wide };
    QDockWidget* addDock(const QString& object, QWidget* content, shell::TitleBar* title);
    void buildDocks();
    void arrangeDocks();
    void fitTo(const QSize& size);
    void setTabbed(QDockWidget* dock, shell::TitleBar* title, bool tabbed);
    void openLayer(int row);
    void closeLayer();
    void stepLayer(int by);
    void openForm(); ///< New run fills the centre
    void closeForm();
    bool layerIsOpen() const;

    // Actions
    void registerActions();
    QAction* addAction(const QString& id, const QString& text, const QString& icon,
        const QKeySequence& key, shell::ActionRegistry::Category category,
        std::function<void()> run);
    void buildToolbar();
    void updateActions();
    void exportFocused(const QString& suffix);
    /// What Export plot takes: the view with the focus, else the first that is shown; null: none.
    QWidget* plotToExport() const;
    void updateExports();
    void exportDashboard();
    void exportRecord(const QString& format);
    QList<shell::PaletteItem> layerItems();
    QList<shell::PaletteItem> runItems();

    // Runs
    void connectSession();
    void connectReader();
    void connectPanels();
    void startRun(const std::shared_ptr<const train::RunFile>& file);
    void beginOwnRun();
    void bringToFront(qint64 run);
    void finishLoading();
    void takeBatch(qint64 run, const std::vector<telemetry::MessagePtr>& batch);
    /// Takes from `recent` what the store holds, as its list of runs says.
    void forgetStored(const std::vector<telemetry::RunInfo>& list);
    bool isOwn(qint64 run) const; ///< trained by this process, now or last
    void toggleOverlay(qint64 run);
    void togglePin(qint64 run);
    void showOverlay(qint64 run, int colour);
    void updateOverlays();
    void steer(const QString& key, const QString& valueJson);
    void requestOpenedLayer();
    void watchFront();
    bool frontIsLive() const; ///< trained by this process
    bool frontIsSteerable() const;
    void resumeRun(qint64 run);
    void importFrom(const QString& path);
    void askImport();
    void fail(const QString& line, const QString& id);

    // Frame
    void scheduleFrame();
    void frame();
    void refreshSettings();
    void chooseRow(const std::vector<models::RunData::Dead>& dead);
    void tellDead(const std::vector<models::RunData::Dead>& dead);
    void forgetDead();
    void updateStatus();
    void restyle();

    TrainingWorkspace& self;
    shell::ShellServices services;
    SharedAxis axis;
    models::RunTableModel runs;
    models::EventTableModel events;
    models::RunData front; ///< the run that the window shows
    models::LayerData layer; ///< the opened one
    models::RunSettings settings;
    int settingsGeneration = -1;
    std::string settingsFile;

    session::StoreReader reader;
    session::TrainingSession session;
    bool ownIsFront = false; ///< the run of this process, registered or not yet
    bool paused = false; ///< updates
    int chosenRow = -1;
    bool chosenByHand = false;
    std::set<std::pair<int, int>> deadTold; ///< (row, expert): dead now and told
    QString deadText; ///< of the message
    std::vector<qint64> stepsArrived; ///< since the last frame

    // What is under way
    quint64 frontRequest = 0, layerRequest = 0, windowRequest = 0;
    std::optional<session::RunSnapshot> snapshot;
    std::vector<session::LayerCurves> snapshotLayers;
    std::vector<telemetry::MessagePtr> waiting; ///< arrived while the front run was loading
    /// Of the run of this process, in front or not: what the store may not hold yet, since it
    /// gathers before it writes. Every answer of the store about that run is followed by these.
    std::vector<telemetry::MessagePtr> recent;
    std::vector<telemetry::StepRecord> windowPieces;
    struct Shown {
        models::RunData data;
        quint64 request = 0;
    };
    std::map<qint64, std::unique_ptr<Shown>> overlays;

    // Widgets
    ReadoutStrip* strip;
    Dashboard* dashboard;
    LoadPanel* load;
    LayerPage* layerPage;
    RunsPanel* runsPanel;
    SteeringPanel* steering;
    EventsPanel* eventsPanel;
    NewRunPanel* newRun;
    shell::TitleBar *runsTitle, *steeringTitle, *eventsTitle, *newRunTitle;
    QDockWidget *runsDock, *steeringDock, *eventsDock, *loadDock, *newRunDock;
    QDockWidget *dropDock, *alphaDock, *lossDock, *lrDock, *gradDock, *tokensDock;
    Size size = Size::Normal;
    bool arranged = false;
    QByteArray dashboardState;
    QList<QDockWidget*> hiddenByLayer, hiddenByForm;
    QByteArray stateBeforeForm;

    QAction *newRunAction, *pauseUpdatesAction, *pauseAction, *stopAction, *resumeAction;
    QList<QAction*> exportPlotActions;
    QAction *filterAction, *closeLayerAction, *previousLayerAction, *nextLayerAction;
    QWidget *axisBox, *rangeBox, *smoothingBox, *exportBox;
    QTimer frameTimer;
    QTimer exportsTimer; ///< docks came or went: what can be exported is asked once they all have
};

} // namespace moe::training
