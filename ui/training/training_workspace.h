// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/workspace.h"

#include <QList>
#include <QString>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace moe::training {

/// The Training workspace (look.md section 9): starts, shows and steers runs, compares them, opens
/// one layer. Reads the store on a thread of its own; never waits. GUI thread. Object name
/// "trainingPage".
class TrainingWorkspace : public shell::Workspace {
    Q_OBJECT
public:
    TrainingWorkspace(shell::ShellServices services, const std::filesystem::path& store,
        QWidget* parent = nullptr);
    ~TrainingWorkspace() override; ///< stops a run of this process; it is saved

    QString title() const override;
    QString iconName() const override;
    QList<QAction*> toolbarActions() const override;
    QList<QWidget*> toolbarWidgets() override;
    QList<shell::PaletteSource> paletteSources() override;
    void restoreDefaultLayout() override;
    /// Smaller than what the widest arrangement wants: it rearranges itself when it gets there.
    QSize minimumSizeHint() const override;

    void setThreads(int threads); ///< of the runs that this process trains; 0: all cores
    /// Trains the demo (corpus prepared below the cache folder) in this process and shows it.
    void startDemo(int64_t steps);
    /// Shows a run of the store: an id, a name (its newest run) or "last"; failed() when there is
    /// none.
    void openRun(const QString& run);
    void importPath(const QString& path); ///< TensorBoard folder, JSONL, trackio, …
    void showNewRun(); ///< the form
    QByteArray layoutToKeep() const override; ///< that of the dashboard
    void showRuns(); ///< the Runs dock, its filter focused
    void selectLayer(int layer); ///< opens the page of decoder layer `layer`
    void showDashboard();
    bool isTraining() const; ///< a run of this process is alive
    bool hasRun() const; ///< a run is shown
    void stopTraining(); ///< saves; finished() follows

Q_SIGNALS:
    void stepShown(qint64 step); ///< step's numbers are in the readouts and plots
    void finished(); ///< the run of this process ended, saved
    void failed(const QString& line); ///< one error line
    void recentChanged();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::training
