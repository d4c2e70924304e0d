// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/format.h"
#include "ui/shell/save_file.h"
#include "ui/shell/theme.h"
#include "ui/training/layer_page.h"
#include "ui/training/table_delegates.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QResizeEvent>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

namespace moe::training {

using models::ExpertTableModel;
using models::formatCount;
using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;

QWidget* LayerPage::buildHeader()
{
    auto* header = new QWidget(this);
    header->setFixedHeight(px(36));
    auto* all = new QToolButton(header);
    all->setObjectName(QStringLiteral("allLayers"));
    all->setText(tr("All layers"));
    all->setIcon(shell::icon(QStringLiteral("chevron-left")));
    all->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    all->setAutoRaise(true);
    all->setToolTip(tr("Back to all layers (Backspace)"));
    connect(all, &QToolButton::clicked, this, &LayerPage::closed);
    m_previous = shell::makeIconButton(
        QStringLiteral("chevron-left"), tr("Layer above (Alt+Left)"), header);
    m_next = shell::makeIconButton(
        QStringLiteral("chevron-right"), tr("Layer below (Alt+Right)"), header);
    connect(m_previous, &QToolButton::clicked, this, [this] { Q_EMIT stepped(-1); });
    connect(m_next, &QToolButton::clicked, this, [this] { Q_EMIT stepped(1); });
    m_name = makeLabel({}, TextRole::Section, &Theme::text, true, header);
    m_name->setObjectName(QStringLiteral("layerName"));
    m_figures = makeLabel({}, TextRole::Secondary, &Theme::text2, false, header);
    m_figures->setObjectName(QStringLiteral("layerFigures"));
    m_figures->setTextFormat(Qt::RichText);
    m_step = makeLabel({}, TextRole::Secondary, &Theme::text2, false, header);
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(px(8), 0, px(12), 0);
    row->setSpacing(px(8));
    row->addWidget(all);
    row->addSpacing(px(8));
    row->addWidget(m_previous);
    row->addWidget(m_name);
    row->addWidget(m_next);
    row->addSpacing(px(16));
    row->addWidget(m_figures, 1);
    row->addWidget(m_step);
    return header;
}

QWidget* LayerPage::buildMap()
{
    auto* panel = new QWidget(this);
    m_mapTitle = new shell::TitleBar(tr("Experts over time"), {}, panel);
    m_map = new plots::HeatmapPlot(plots::HeatmapPlot::Kind::ExpertsOverSteps, panel);
    m_map->setObjectName(QStringLiteral("expertsOverTime"));
    m_map->setAccessibleName(tr("Utilisation of the layer's experts over time"));
    m_map->setRowLabels(tr("Expert"), 1);
    m_map->setMargins(34, 16);
    m_map->setCellText([this](int row, int column) {
        plots::HeatmapPlot::CellText text;
        if (m_shown == nullptr || column < 0 || column >= m_shown->columns() || row < 0
            || row >= m_shown->experts())
            return text;
        const int64_t first = m_shown->firstStep() + column * m_shown->stride();
        text.heading = tr("Expert %1").arg(row);
        text.lines.emplace_back(tr("Steps"),
            m_shown->stride() == 1
                ? formatCount(first)
                : tr("%1 to %2")
                      .arg(formatCount(first), formatCount(first + m_shown->stride() - 1)));
        text.lines.emplace_back(
            tr("Utilisation"), models::formatUtilisation(m_shown->utilisation(column, row)));
        return text;
    });
    connect(m_map, &plots::HeatmapPlot::rowActivated, this, &LayerPage::chooseExpert);
    connect(m_map, &plots::HeatmapPlot::crosshairMoved, &m_axis, &SharedAxis::setCrosshair);
    QToolButton* twin
        = m_mapTitle->addButton(QStringLiteral("table"), tr("Show the experts' table"));
    connect(twin, &QToolButton::clicked, this, [this] {
        m_table->setFocus(Qt::OtherFocusReason);
        if (auto* tabs = m_body->findChild<QTabWidget*>(QStringLiteral("layerMapTabs")))
            tabs->setCurrentWidget(m_tablePanel);
    });
    shell::addExportActions(
        m_mapTitle->menu(), panel,
        [this] {
            return shell::PlotExports{tr("Experts of layer %1").arg(m_layer),
                [this](const QString& path) { return m_map->exportPng(path); },
                [this](const QString& path) { return m_map->exportSvg(path); },
                [this](const QString& path) {
                    return m_map->exportCsv(path);
                }};
        },
        [this](const QString& line) { Q_EMIT failed(line); });
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_mapTitle);
    column->addWidget(m_map, 1);
    return panel;
}

QWidget* LayerPage::buildTable()
{
    auto* panel = new QWidget(this);
    m_tableTitle = new shell::TitleBar(tr("Experts now"), {}, panel);
    m_table = new QTableView(panel);
    m_table->setObjectName(QStringLiteral("expertTable"));
    m_table->setAccessibleName(tr("Experts of the layer now"));
    m_table->setModel(&m_experts);
    auto* delegate = new ExpertDelegate(m_table);
    m_table->setItemDelegateForColumn(ExpertTableModel::Bar, delegate);
    m_table->setItemDelegateForColumn(ExpertTableModel::Verdict, delegate);
    m_table->setFont(shell::numberFont(TextRole::Secondary));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(px(16));
    m_table->verticalHeader()->setDefaultSectionSize(px(21));
    QHeaderView* header = m_table->horizontalHeader();
    header->setMinimumSectionSize(px(30));
    header->setFixedHeight(px(24));
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(ExpertTableModel::Bar, QHeaderView::Stretch);
    header->resizeSection(ExpertTableModel::Expert, px(54));
    header->resizeSection(ExpertTableModel::Utilisation, px(74));
    header->resizeSection(ExpertTableModel::Assignments, px(88));
    header->resizeSection(ExpertTableModel::Dropped, px(66));
    header->resizeSection(ExpertTableModel::Verdict, px(50));
    connect(m_table, &QTableView::clicked, this,
        [this](const QModelIndex& index) { chooseExpert(index.row()); });
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { chooseExpert(index.row()); });
    QToolButton* copy = m_tableTitle->addButton(QStringLiteral("copy"), tr("Copy the table"));
    connect(copy, &QToolButton::clicked, this, [this] {
        QString text;
        for (int row = -1; row < m_experts.rowCount(); ++row) {
            QStringList cells;
            for (int column = 0; column < ExpertTableModel::Columns; ++column) {
                if (column != ExpertTableModel::Bar)
                    cells += row < 0 ? m_experts.headerData(column, Qt::Horizontal).toString()
                                     : m_experts.index(row, column).data().toString();
            }
            text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
        }
        QApplication::clipboard()->setText(text);
    });
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tableTitle);
    column->addWidget(m_table, 1);
    return panel;
}

void LayerPage::buildPlots()
{
    const auto make = [this](const char* object, const QString& name, const QString& unit) {
        auto* panel = new PlotPanel(name, unit, m_axis, this);
        panel->plot().setObjectName(QString::fromLatin1(object));
        connect(panel, &PlotPanel::failed, this, &LayerPage::failed);
        panel->setFeed([this] {
            if (m_run != nullptr)
                refresh(*m_run, *m_shown, *m_settings);
        });
        return panel;
    };
    m_utilisation = make("utilisationPlot", tr("Utilisation per expert"), tr("load / ideal"));
    m_utilisation->plot().setMargins(34, 16);
    m_entropy = make("entropyPlot", tr("Gate entropy"), tr("nats"));
    m_entropy->setValueFormat(&models::formatLoss);
    m_entropy->setNameless(true);
    m_entropy->plot().setYDecimals(1);
    m_ratios = make("ratiosPlot", tr("Gate ratios"), {});
    m_ratios->plot().setYDecimals(1);
    m_ratios->titleBar().setShortName(tr("Ratios"));
    m_similarity = make("similarityPlot", tr("Expert similarity"), {});
    m_similarity->setNameless(true);
    m_similarity->plot().setYDecimals(2);
    m_drop = make("layerDropPlot", tr("Token drop rate"), QStringLiteral("%"));
    m_drop->setValueFormat([](double share) { return models::formatPercent(share); });
    m_alpha = make("layerAlphaPlot", tr("Aux coefficient α"), {});
    m_alpha->setValueFormat(&models::formatAlpha);
    m_alpha->plot().setYDecimals(4);
    m_drop->titleBar().setShortName(tr("Drop rate"));
    m_alpha->titleBar().setShortName(QStringLiteral("α"));
    for (PlotPanel* small : {m_entropy, m_ratios, m_similarity})
        small->plot().setMargins(34, 16);
    for (PlotPanel* right : {m_drop, m_alpha})
        right->plot().setMargins(46, 16);
}

std::vector<PlotPanel*> LayerPage::panels() const
{
    return {m_utilisation, m_entropy, m_ratios, m_similarity, m_drop, m_alpha};
}

void LayerPage::arrange()
{
    QWidget* old = m_body;
    m_sides.clear();
    auto* columns = new QSplitter(Qt::Horizontal, this);
    columns->setChildrenCollapsible(false);
    auto* left = new QSplitter(Qt::Vertical, columns);
    auto* right = new QSplitter(Qt::Vertical, columns);
    left->setChildrenCollapsible(false);
    right->setChildrenCollapsible(false);
    if (m_compact) {
        auto* tabs = new QTabWidget(left);
        tabs->setObjectName(QStringLiteral("layerMapTabs"));
        tabs->setDocumentMode(true);
        tabs->addTab(m_mapPanel, tr("Experts over time"));
        tabs->addTab(m_tablePanel, tr("Experts now"));
        auto* small = new QTabWidget(left);
        small->setDocumentMode(true);
        small->addTab(m_entropy, tr("Gate entropy"));
        small->addTab(m_ratios, tr("Gate ratios"));
        small->addTab(m_similarity, tr("Expert similarity"));
        left->addWidget(tabs);
        left->addWidget(m_utilisation);
        left->addWidget(small);
        right->addWidget(m_drop);
        right->addWidget(m_alpha);
        columns->setSizes({px(700), px(330)});
        left->setSizes({px(300), px(150), px(170)});
    } else {
        auto* small = new QSplitter(Qt::Horizontal, left);
        small->setChildrenCollapsible(false);
        for (PlotPanel* panel : {m_entropy, m_ratios, m_similarity})
            small->addWidget(panel);
        left->addWidget(m_mapPanel);
        left->addWidget(m_utilisation);
        left->addWidget(small);
        right->addWidget(m_tablePanel);
        right->addWidget(m_drop);
        right->addWidget(m_alpha);
        columns->setSizes({px(892), px(404)});
        // The table shows sixteen experts whole; what is left belongs to the plots.
        m_sides = {left, right};
        m_mapPanel->show();
        m_tablePanel->show();
        for (PlotPanel* panel : {m_entropy, m_ratios, m_similarity})
            panel->show();
    }
    for (shell::TitleBar* title : {m_mapTitle, m_tableTitle, &m_entropy->titleBar(),
             &m_ratios->titleBar(), &m_similarity->titleBar()})
        title->setNameShown(!m_compact);
    columns->setStretchFactor(0, 1);
    columns->setStretchFactor(1, 0);
    m_body = columns;
    layout()->addWidget(columns);
    delete old; // its panels have moved already
    m_stale = true;
    share();
}

void LayerPage::share()
{
    const int top = px(28 + 24 + 16 * 21 + 12);
    const int rest = height() - m_header->height() - top;
    for (QSplitter* side : m_sides)
        side->setSizes({top, rest / 2, rest - rest / 2});
}

void LayerPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if (event->size().height() != event->oldSize().height())
        share();
}

} // namespace moe::training
