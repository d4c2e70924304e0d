// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/theme.h"
#include "ui/training/workspace_impl.h"

#include <QAction>

#include <utility>

namespace moe::training {

using shell::px;

namespace {

constexpr int kSmallBelow = 1400, kWideFrom = 2200; ///< px at 13 px text

} // namespace

QDockWidget* TrainingWorkspace::Impl::addDock(
    const QString& object, QWidget* content, shell::TitleBar* title)
{
    auto* dock = new QDockWidget(title->name(), &self);
    dock->setObjectName(object);
    dock->setWidget(content);
    dock->setTitleBarWidget(title);
    dock->setAllowedAreas(Qt::AllDockWidgetAreas);
    title->addDockActions(dock);
    QObject::connect(
        dock, &QDockWidget::visibilityChanged, &exportsTimer, qOverload<>(&QTimer::start));
    return dock;
}

void TrainingWorkspace::Impl::buildDocks()
{
    self.setDockNestingEnabled(true);
    self.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    self.setDocumentMode(true);
    self.setMenuWidget(strip);
    self.setCentralWidget(layerPage);
    layerPage->hide();
    runsDock = addDock(QStringLiteral("runsDock"), runsPanel, runsTitle);
    steeringDock = addDock(QStringLiteral("steeringDock"), steering, steeringTitle);
    eventsDock = addDock(QStringLiteral("eventsDock"), eventsPanel, eventsTitle);
    newRunDock = addDock(QStringLiteral("newRunDock"), newRun, newRunTitle);

    // Panels bring their own title bars: the dock takes them over.
    const auto chart = [this](const char* object, QWidget* panel, shell::TitleBar& title) {
        return addDock(QString::fromLatin1(object), panel, &title);
    };
    loadDock = chart("loadDock", load, load->titleBar());
    dropDock = chart("dropRateDock", &dashboard->drop(), dashboard->drop().titleBar());
    alphaDock = chart("auxCoefficientDock", &dashboard->alpha(), dashboard->alpha().titleBar());
    lossDock = chart("lossDock", &dashboard->loss(), dashboard->loss().titleBar());
    lrDock = chart(
        "learningRateDock", &dashboard->learningRate(), dashboard->learningRate().titleBar());
    gradDock = chart("gradNormDock", &dashboard->gradNorm(), dashboard->gradNorm().titleBar());
    tokensDock = chart("tokensDock", &dashboard->tokens(), dashboard->tokens().titleBar());
    runsPanel->setMinimumSize(px(200), px(120));
    load->setMinimumSize(px(260), px(240));
    newRun->setMinimumSize(px(360), px(240));
    arrangeDocks();
    newRunDock->hide();
    // Closed from its own title bar or the View menu.
    QObject::connect(newRunDock->toggleViewAction(), &QAction::toggled, &self, [this](bool shown) {
        if (!shown && newRunDock->isHidden())
            closeForm();
    });
}

void TrainingWorkspace::Impl::setTabbed(QDockWidget* dock, shell::TitleBar* title, bool tabbed)
{
    if (!tabbed) {
        QWidget* placeholder = dock->titleBarWidget();
        if (placeholder != title) {
            dock->setTitleBarWidget(title);
            title->show();
            delete placeholder;
        }
    } else if (dock->titleBarWidget() == title) {
        // The tab says the name already.
        auto* none = new QWidget(dock);
        none->setFixedHeight(0);
        dock->setTitleBarWidget(none);
        title->hide();
    }
}

void TrainingWorkspace::Impl::arrangeDocks()
{
    const bool small = size == Size::Small, wide = size == Size::Wide;
    const bool newRunShown = newRunDock->isVisible();
    const QList<QDockWidget*> docks{runsDock, steeringDock, eventsDock, loadDock, dropDock,
        alphaDock, lossDock, lrDock, gradDock, tokensDock, newRunDock};
    for (QDockWidget* dock : docks)
        self.removeDockWidget(dock);
    setTabbed(runsDock, runsTitle, small);
    setTabbed(steeringDock, steeringTitle, small);
    setTabbed(eventsDock, eventsTitle, small);

    self.addDockWidget(Qt::LeftDockWidgetArea, runsDock);
    self.splitDockWidget(runsDock, loadDock, Qt::Horizontal);
    self.splitDockWidget(loadDock, dropDock, Qt::Horizontal);
    if (small) {
        self.tabifyDockWidget(runsDock, steeringDock);
        self.tabifyDockWidget(steeringDock, eventsDock);
    } else {
        self.splitDockWidget(runsDock, steeringDock, Qt::Vertical);
        self.splitDockWidget(steeringDock, eventsDock, Qt::Vertical);
    }
    if (wide) {
        self.splitDockWidget(dropDock, lossDock, Qt::Horizontal);
        self.splitDockWidget(dropDock, alphaDock, Qt::Vertical);
        self.splitDockWidget(lossDock, lrDock, Qt::Vertical);
        self.splitDockWidget(lrDock, gradDock, Qt::Vertical);
        self.splitDockWidget(gradDock, tokensDock, Qt::Vertical);
    } else {
        self.splitDockWidget(dropDock, alphaDock, Qt::Vertical);
        self.splitDockWidget(alphaDock, lossDock, Qt::Vertical);
        self.splitDockWidget(lossDock, lrDock, Qt::Vertical);
        self.splitDockWidget(lrDock, gradDock, Qt::Horizontal);
        self.splitDockWidget(gradDock, tokensDock, Qt::Horizontal);
    }
    self.tabifyDockWidget(loadDock, newRunDock);
    for (QDockWidget* dock : docks)
        dock->setVisible(dock != newRunDock || newRunShown);
    runsDock->raise();
    (newRunShown ? newRunDock : loadDock)->raise();

    const int left = px(small ? 249 : 304), map = px(small ? 372 : wide ? 660 : 452);
    const int rest = std::max(px(360), self.width() - left - map);
    if (wide) {
        self.resizeDocks({runsDock, loadDock, dropDock, lossDock},
            {left, map, rest / 2, rest - rest / 2}, Qt::Horizontal);
        self.resizeDocks({dropDock, alphaDock}, {px(600), px(660)}, Qt::Vertical);
        self.resizeDocks({lossDock, lrDock, gradDock, tokensDock},
            {px(400), px(290), px(290), px(290)}, Qt::Vertical);
    } else {
        self.resizeDocks({runsDock, loadDock, dropDock}, {left, map, rest}, Qt::Horizontal);
        self.resizeDocks(
            {lrDock, gradDock, tokensDock}, {rest / 3, rest / 3, rest / 3}, Qt::Horizontal);
        self.resizeDocks({dropDock, alphaDock, lossDock, lrDock},
            small ? QList<int>{px(162), px(186), px(146), px(122)}
                  : QList<int>{px(211), px(231), px(205), px(166)},
            Qt::Vertical);
    }
    if (!small)
        self.resizeDocks({runsDock, steeringDock, eventsDock},
            {px(wide ? 560 : 326), px(133), px(wide ? 600 : 356)}, Qt::Vertical);
    strip->setLeftWidth(left);
}

void TrainingWorkspace::Impl::fitTo(const QSize& newSize)
{
    const Size fitting = newSize.width() < px(kSmallBelow) ? Size::Small
        : newSize.width() < px(kWideFrom)                  ? Size::Normal
                                                           : Size::Wide;
    if (arranged && fitting == size)
        return;
    arranged = true;
    const bool layerOpen = layerIsOpen();
    const int row = front.rowOf(layer.layer());
    closeForm();
    if (layerOpen)
        closeLayer();
    size = fitting;
    const bool small = size == Size::Small;
    arrangeDocks();
    strip->setCompact(small);
    load->setShortWords(small);
    runsPanel->setShortWords(small);
    dashboard->setShortWords(small);
    layerPage->setCompact(small);
    smoothingBox->findChild<QWidget*>(QStringLiteral("smoothing"))->setVisible(!small);
    if (layerOpen)
        openLayer(row);
    scheduleFrame();
}

bool TrainingWorkspace::Impl::layerIsOpen() const
{
    return !layerPage->isHidden();
}

void TrainingWorkspace::Impl::openLayer(int row)
{
    if (row < 0 || row >= front.layers())
        return;
    closeForm();
    chosenRow = row;
    chosenByHand = true;
    const int id = front.layerId(row);
    if (layer.layer() != id) {
        layer.open(id);
        requestOpenedLayer();
    }
    if (!layerIsOpen()) {
        dashboardState = self.saveState(shell::Settings::kVersion);
        hiddenByLayer.clear();
        for (QDockWidget* dock :
            {loadDock, dropDock, alphaDock, lossDock, lrDock, gradDock, tokensDock, newRunDock}) {
            if (!dock->isHidden() && !dock->isFloating()) {
                hiddenByLayer += dock;
                dock->hide();
            }
        }
        layerPage->show();
        layerPage->setFocus(Qt::OtherFocusReason);
        self.resizeDocks({runsDock}, {px(size == Size::Small ? 249 : 304)}, Qt::Horizontal);
    }
    updateActions();
    scheduleFrame();
}

void TrainingWorkspace::Impl::closeLayer()
{
    if (!layerIsOpen())
        return;
    layerPage->hide();
    for (QDockWidget* dock : hiddenByLayer)
        dock->show();
    hiddenByLayer.clear();
    self.restoreState(dashboardState, shell::Settings::kVersion);
    updateActions();
    scheduleFrame();
}

void TrainingWorkspace::Impl::openForm()
{
    closeLayer();
    if (hiddenByForm.isEmpty()) {
        stateBeforeForm = self.saveState(shell::Settings::kVersion);
        for (QDockWidget* dock : {dropDock, alphaDock, lossDock, lrDock, gradDock, tokensDock}) {
            if (!dock->isHidden() && !dock->isFloating()) {
                hiddenByForm += dock;
                dock->hide();
            }
        }
    }
    newRunDock->show();
    newRunDock->raise();
    self.resizeDocks({runsDock}, {px(size == Size::Small ? 249 : 304)}, Qt::Horizontal);
    newRun->focusFirst();
}

void TrainingWorkspace::Impl::closeForm()
{
    newRunDock->hide();
    if (hiddenByForm.isEmpty())
        return;
    for (QDockWidget* dock : std::exchange(hiddenByForm, {}))
        dock->show();
    self.restoreState(stateBeforeForm, shell::Settings::kVersion);
    scheduleFrame();
}

void TrainingWorkspace::Impl::stepLayer(int by)
{
    const int row = front.rowOf(layer.layer()) + by;
    if (layerIsOpen() && row >= 0 && row < front.layers())
        openLayer(row);
}

} // namespace moe::training
