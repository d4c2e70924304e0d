// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/message_bar.h"
#include "ui/shell/recent.h"
#include "ui/shell/theme.h"
#include "ui/shell/workspace.h"

#include <QComboBox>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QSlider>
#include <QTableWidget>

namespace moe::shell {

/// A workspace with everything that the shell asks of one: actions, widgets, docks, a table.
class FakeWorkspace : public Workspace {
    Q_OBJECT
public:
    explicit FakeWorkspace(ShellServices services)
    {
        using Category = ActionRegistry::Category;
        setObjectName(QStringLiteral("trainingPage"));
        auto& actions = services.actions;
        m_toolbar = {actions.add({QStringLiteral("run.new"), QStringLiteral("New run…"),
                                     QStringLiteral("plus"), QKeySequence(Qt::CTRL | Qt::Key_N),
                                     Category::Run},
                         [this] { ++newRuns; }),
            actions.add({QStringLiteral("training.pauseUpdates"), QStringLiteral("Pause updates"),
                            QStringLiteral("pause"), QKeySequence(Qt::CTRL | Qt::Key_Space),
                            Category::Training},
                {})};
        actions.add({QStringLiteral("run.demo"), QStringLiteral("Watch the demo train"),
                        QStringLiteral("play"), {}, Category::Run},
            [this] { ++demos; });
        actions.add({QStringLiteral("run.import"), QStringLiteral("Import runs…"),
                        QStringLiteral("folder"), {}, Category::File},
            {});
        for (const char* name : {"runsDock", "steeringDock"}) {
            auto* dock = new QDockWidget(QLatin1String(name), this);
            dock->setObjectName(QLatin1String(name));
            addDockWidget(Qt::LeftDockWidgetArea, dock);
        }
        table = new QTableWidget(3, 3, this);
        table->setObjectName(QStringLiteral("runTable"));
        table->setAccessibleName(QStringLiteral("Runs"));
        setCentralWidget(table);
        auto* axis = new QComboBox(this);
        axis->setAccessibleName(QStringLiteral("X axis"));
        axis->addItems({QStringLiteral("Step"), QStringLiteral("Time")});
        makeSmall(axis);
        auto* smoothing = new QSlider(Qt::Horizontal, this);
        smoothing->setAccessibleName(QStringLiteral("Smoothing"));
        smoothing->setFixedWidth(px(86));
        smoothing->setValue(90);
        m_widgets = {makeLabel(QStringLiteral("X axis"), TextRole::Body, &Theme::text2), axis,
            makeLabel(QStringLiteral("Smoothing"), TextRole::Body, &Theme::text2), smoothing};
    }
    QString title() const override { return QStringLiteral("Training"); }
    QString iconName() const override { return QStringLiteral("training"); }
    QList<QAction*> toolbarActions() const override { return m_toolbar; }
    QList<QWidget*> toolbarWidgets() override { return m_widgets; }
    QList<PaletteSource> paletteSources() override
    {
        return {
            {QStringLiteral("Layers of sky52-adaptive"), QLatin1Char('@'), [this] {
                 return QList<PaletteItem>{
                     {QStringLiteral("Layer 37"), QStringLiteral("1 dead expert, drop rate 2.76 %"),
                         QStringLiteral("warning"),
                         [this] {
                             layer = 37;
                         }},
                     {QStringLiteral("Layer 46"), QStringLiteral("drop rate 1.15 %"),
                         QStringLiteral("training"), [this] {
                             layer = 46;
                         }}};
             }}};
    }
    void restoreDefaultLayout() override
    {
        ++restored;
        for (auto* dock : findChildren<QDockWidget*>())
            dock->show();
    }

    bool arranges = false; ///< anew when it first gets a size, as Training does

protected:
    void resizeEvent(QResizeEvent* event) override
    {
        Workspace::resizeEvent(event);
        if (!arranges)
            return;
        arranges = false;
        for (auto* dock : findChildren<QDockWidget*>()) {
            removeDockWidget(dock);
            addDockWidget(Qt::LeftDockWidgetArea, dock);
            dock->show();
        }
    }

public:
    int newRuns = 0, demos = 0, layer = -1, restored = 0;
    QTableWidget* table = nullptr;

private:
    QList<QAction*> m_toolbar;
    QList<QWidget*> m_widgets;
};

class FakeRecent : public RecentSource {
    Q_OBJECT
public:
    QList<RecentItem> rows;
    QString activated;
    QList<RecentItem> items() const override { return rows; }
    int allRuns() const override { return static_cast<int>(rows.size()) + 17; }
    void fill()
    {
        const QDateTime now = QDateTime::currentDateTime();
        const auto add = [this](const char* icon, const char* name, const char* what,
                             const char* state, RecentItem::Tone tone, const QDateTime& when) {
            const QString title = QString::fromUtf8(name);
            rows.append({QLatin1String(icon), title, QString::fromUtf8(what),
                QString::fromUtf8(state), tone, when, [this, title] {
                    activated = title;
                }});
        };
        using Tone = RecentItem::Tone;
        add("training", "sky52-adaptive", "Run, 52 layers × 16 experts", "training, 30.4 %",
            Tone::Live, now);
        add("chat", "Merging intervals", "Conversation, Skywork-MoE 146B", "4 messages",
            Tone::Plain, now.addSecs(-60));
        add("partition", "skywork-tp8.json", "Plan, 8 ranks, rotated heads",
            "fits, 83,700 KV tokens", Tone::Plain, now.addSecs(-90));
        add("model", "Skywork-MoE 146B", "Model, FP8 per tensor, 147.0 GB", "loaded on the CPU",
            Tone::Plain, now.addDays(-1));
        add("training", "sky52-const", "Run, 52 layers × 16 experts", "done, valid 2.104",
            Tone::Plain, now.addDays(-1));
        add("training", "lr-6e-4", "Run, 52 layers × 16 experts", "failed at 2,310", Tone::Error,
            now.addDays(-5));
        Q_EMIT changed();
    }
};

} // namespace moe::shell
