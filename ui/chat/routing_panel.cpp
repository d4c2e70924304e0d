// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/routing_panel.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/shell/title_bar.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace moe::chat {

using models::formatCount;
using shell::px;

namespace {

constexpr int kEveryLayer = 13; ///< up to so many layers each row is numbered

} // namespace

RoutingPanel::RoutingPanel(shell::TitleBar& title, QWidget* parent)
    : QWidget(parent)
    , m_spans(new QButtonGroup(this))
    , m_tableButton(title.addButton(QStringLiteral("table"), tr("Show as table")))
    , m_pages(new QStackedWidget(this))
    , m_map(new plots::HeatmapPlot(plots::HeatmapPlot::Kind::LayersByExperts, this))
    , m_table(new QTableView(this))
    , m_tableModel(new plots::HeatmapTableModel(this))
    , m_none(shell::makeLabel({}, shell::TextRole::Body, &shell::Theme::text2, false, this))
{
    m_map->setObjectName(QStringLiteral("routingHeatmap"));
    m_map->setAccessibleName(tr("Reply routing, layers by experts"));
    m_map->setReplyWords(true);
    m_map->setContextMenuPolicy(Qt::CustomContextMenu);
    m_map->setCellText([this](int row, int column) { return cellText(row, column); });
    connect(m_map, &QWidget::customContextMenuRequested, this, &RoutingPanel::showMenu);
    connect(m_map, &plots::HeatmapPlot::rowActivated, this,
        [this](int row) { Q_EMIT layerActivated(row); });
    m_table->setObjectName(QStringLiteral("routingTable"));
    m_table->setModel(m_tableModel);
    m_table->setFont(shell::numberFont(shell::TextRole::Secondary));
    m_table->verticalHeader()->setDefaultSectionSize(px(21));
    m_table->horizontalHeader()->setDefaultSectionSize(px(48));
    m_table->setShowGrid(false);
    m_none->setObjectName(QStringLiteral("noRouting"));
    m_none->setWordWrap(true);
    m_none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_none->setContentsMargins(px(12), px(8), px(12), 0);

    auto* row = new QHBoxLayout;
    row->setContentsMargins(px(12), px(2), px(12), px(4));
    row->setSpacing(0);
    const QStringList names{tr("This reply"), tr("Conversation"), tr("Live")};
    for (int i = 0; i < names.size(); ++i) {
        auto* button = new QPushButton(names[i], this);
        button->setCheckable(true);
        button->setObjectName(QStringLiteral("span%1").arg(i));
        shell::makeSmall(button);
        m_spans->addButton(button, i);
        row->addWidget(button);
    }
    m_spans->button(0)->setChecked(true);
    row->addStretch(1);
    connect(m_spans, &QButtonGroup::idClicked, this, [this] { Q_EMIT spanChosen(); });
    m_pages->addWidget(m_map);
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_none);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(m_pages, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_tableButton->setCheckable(true);
    connect(m_tableButton, &QToolButton::toggled, this, [this](bool on) {
        if (m_pages->currentWidget() != m_none)
            m_pages->setCurrentWidget(on ? static_cast<QWidget*>(m_table) : m_map);
    });
    connect(title.menu()->addAction(tr("Table")), &QAction::triggered, m_tableButton,
        &QToolButton::toggle);
}

RoutingPanel::Span RoutingPanel::span() const
{
    return static_cast<Span>(m_spans->checkedId());
}

void RoutingPanel::setSpan(Span span)
{
    m_spans->button(static_cast<int>(span))->setChecked(true);
}

void RoutingPanel::setMasks(const std::vector<chats::MaskedExpert>& masks)
{
    m_masks = masks;
}

void RoutingPanel::setRoutings(
    const std::vector<const chats::ReplyRouting*>& routings, const QString& why)
{
    plots::HeatmapData map;
    for (const chats::ReplyRouting* routing : routings) {
        if (!routing->layers.empty())
            map.rows = std::max(map.rows, routing->layers.back().layer + 1);
        map.columns = std::max(map.columns, routing->widest());
    }
    const auto cells = static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns);
    m_load.assign(cells, 0);
    m_ideal.assign(static_cast<size_t>(map.rows), 0);
    m_experts.assign(static_cast<size_t>(map.rows), 0);
    for (const chats::ReplyRouting* routing : routings) {
        const std::vector<int64_t> load = routing->load();
        const auto across = static_cast<size_t>(routing->widest());
        for (size_t i = 0; i < routing->layers.size(); ++i) {
            const auto& layer = routing->layers[i];
            const auto row = static_cast<size_t>(layer.layer);
            m_experts[row] = layer.experts;
            m_ideal[row] += static_cast<double>(routing->columns() * layer.chosen) / layer.experts;
            for (size_t expert = 0; expert < static_cast<size_t>(layer.experts); ++expert)
                m_load[row * static_cast<size_t>(map.columns) + expert]
                    += load[i * across + expert];
        }
    }
    map.values.assign(cells, NAN);
    for (size_t row = 0; row < m_ideal.size(); ++row) {
        for (size_t expert = 0; m_ideal[row] > 0 && expert < static_cast<size_t>(m_experts[row]);
             ++expert) {
            const size_t cell = row * static_cast<size_t>(map.columns) + expert;
            map.values[cell] = static_cast<float>(static_cast<double>(m_load[cell]) / m_ideal[row]);
        }
    }
    for (const chats::MaskedExpert& mask : m_masks) {
        if (mask.layer < map.rows && mask.expert < map.columns) {
            map.masked.resize(cells, 0);
            map.masked[static_cast<size_t>(mask.layer) * static_cast<size_t>(map.columns)
                + static_cast<size_t>(mask.expert)]
                = 1;
        }
    }
    m_none->setText(why);
    m_map->setRowLabels(tr("Layer"), map.rows <= kEveryLayer ? 1 : 4);
    m_tableModel->setData(map, tr("Layer"));
    m_map->setMaximumHeight(
        map.rows > 0 ? map.rows * px(60) + px(88) : QWIDGETSIZE_MAX); // few layers: no poster
    const bool empty = map.rows == 0;
    m_map->setData(std::move(map));
    m_pages->setCurrentWidget(empty      ? static_cast<QWidget*>(m_none)
            : m_tableButton->isChecked() ? static_cast<QWidget*>(m_table)
                                         : m_map);
}

void RoutingPanel::setToken(const chats::ReplyRouting* routing, int column)
{
    std::vector<plots::CellMark> marks;
    if (routing != nullptr && column >= 0 && column < routing->columns()) {
        auto at = static_cast<size_t>(column) * static_cast<size_t>(routing->stride());
        for (const auto& layer : routing->layers) {
            for (int rank = 0; rank < layer.chosen; ++rank) {
                const uint16_t expert = routing->experts[at + static_cast<size_t>(rank)];
                if (expert != chats::ReplyRouting::kNone)
                    marks.push_back({layer.layer, expert, rank});
            }
            at += static_cast<size_t>(layer.chosen + layer.extra);
        }
    }
    m_map->setTrace(std::move(marks));
}

plots::HeatmapPlot::CellText RoutingPanel::cellText(int row, int column) const
{
    plots::HeatmapPlot::CellText text;
    const plots::HeatmapData& map = m_map->data();
    const auto cell
        = static_cast<size_t>(row) * static_cast<size_t>(map.columns) + static_cast<size_t>(column);
    if (row < 0 || column < 0 || cell >= m_load.size())
        return text;
    text.heading = tr("Layer %1, expert %2").arg(row).arg(column);
    if (!map.masked.empty() && map.masked[cell] != 0)
        text.lines.emplace_back(tr("Masked"), tr("in this conversation"));
    text.lines.emplace_back(
        tr("Utilisation"), models::formatUtilisation(static_cast<double>(map.values[cell])));
    text.lines.emplace_back(tr("Assignments"), formatCount(m_load[cell]));
    text.lines.emplace_back(tr("Ideal"), models::formatFixed(m_ideal[static_cast<size_t>(row)], 1));
    return text;
}

void RoutingPanel::showMenu(const QPoint& at)
{
    auto [row, column] = m_map->cellAt(at);
    if (row < 0)
        std::tie(row, column) = m_map->currentCell(); // asked for by key
    if (row < 0 || row >= static_cast<int>(m_experts.size())
        || column >= m_experts[static_cast<size_t>(row)])
        return;
    const bool masked
        = std::ranges::find(m_masks, chats::MaskedExpert{row, column}) != m_masks.end();
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("cellMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    connect(menu->addAction(masked ? tr("Unmask expert %1 of layer %2").arg(column).arg(row)
                                   : tr("Mask expert %1 of layer %2").arg(column).arg(row)),
        &QAction::triggered, this,
        [this, r = row, c = column, masked] { Q_EMIT maskWanted(r, c, !masked); });
    connect(menu->addAction(tr("Show its tokens")), &QAction::triggered, this,
        [this, r = row, c = column] { Q_EMIT tokensWanted(r, c); });
    connect(menu->addAction(tr("Show layer %1 in the strip").arg(row)), &QAction::triggered, this,
        [this, r = row] { Q_EMIT layerActivated(r); });
    menu->popup(m_map->mapToGlobal(at));
}

} // namespace moe::chat
