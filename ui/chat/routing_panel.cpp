// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/routing_panel.h"

#include "ui/models/format.h"
#include "ui/shell/segments.h"
#include "ui/shell/theme.h"
#include "ui/shell/title_bar.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>
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
    , m_title(title)
    , m_spans(new QButtonGroup(this))
    , m_choice(new QComboBox(this))
    , m_choices(1)
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
    m_map->setCellText([this](int row, int column) { return cellText(row, column); });
    connect(m_map, &plots::HeatmapPlot::cellMenuWanted, this, &RoutingPanel::showMenu);
    connect(m_map, &plots::HeatmapPlot::rowActivated, this,
        [this](int row) { Q_EMIT layerActivated(row); });
    m_table->setObjectName(QStringLiteral("routingTable"));
    m_table->setAccessibleName(tr("Reply routing as a table, layers by experts"));
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
    QList<QPushButton*> buttons;
    for (int i = 0; i < names.size(); ++i) {
        auto* button = new QPushButton(names[i], this);
        button->setCheckable(true);
        button->setObjectName(QStringLiteral("span%1").arg(i));
        m_spans->addButton(button, i);
        row->addWidget(button);
        buttons += button;
    }
    shell::makeSegments(buttons);
    m_spans->button(0)->setChecked(true);
    row->addStretch(1);
    connect(m_spans, &QButtonGroup::idClicked, this, [this] { Q_EMIT spanChosen(); });
    m_choice->setObjectName(QStringLiteral("routingChoice"));
    m_choice->setAccessibleName(tr("What the map shows"));
    m_choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_choice->setMinimumContentsLength(8);
    m_choice->hide();
    shell::makeSmall(m_choice);
    connect(m_choice, &QComboBox::activated, this, [this] { Q_EMIT choiceChanged(); });
    auto* choiceRow = new QHBoxLayout;
    choiceRow->setContentsMargins(px(12), 0, px(12), px(4));
    choiceRow->addWidget(m_choice);
    m_pages->addWidget(m_map);
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_none);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addLayout(choiceRow);
    column->addWidget(m_pages, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_tableButton->setObjectName(QStringLiteral("routingTableButton"));
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

void RoutingPanel::setChoices(std::vector<Choice> choices, int64_t fallback)
{
    const int64_t chosen = choice().key;
    const auto same = [](const Choice& a, const Choice& b) {
        return a.key == b.key && a.text == b.text;
    };
    const bool listed = std::ranges::equal(choices, m_choices, same);
    m_choices = std::move(choices);
    if (listed)
        return;
    const QSignalBlocker quiet(m_choice);
    m_choice->clear();
    for (const Choice& each : m_choices) {
        m_choice->addItem(each.text);
        m_choice->setItemData(m_choice->count() - 1, each.text, Qt::ToolTipRole);
    }
    m_choice->setVisible(m_choices.size() > 1);
    if (std::ranges::find(m_choices, chosen, &Choice::key) == m_choices.end())
        choose(fallback);
    else
        choose(chosen);
}

const RoutingPanel::Choice& RoutingPanel::choice() const
{
    return m_choices.at(static_cast<size_t>(std::max(0, m_choice->currentIndex())));
}

bool RoutingPanel::choose(int64_t key)
{
    const auto found = std::ranges::find(m_choices, key, &Choice::key);
    const auto index = static_cast<int>(found - m_choices.begin());
    if (found == m_choices.end() || index == m_choice->currentIndex())
        return false;
    m_choice->setCurrentIndex(index);
    return true;
}

float RoutingPanel::valueAt(int row, int expert) const
{
    return choice().minus ? m_load.share(row, expert) - m_minus.share(row, expert)
                          : m_load.utilisation(row, expert);
}

void RoutingPanel::setRoutings(const std::vector<const chats::ReplyRouting*>& routings,
    const std::vector<const chats::ReplyRouting*>& minus, const QString& why)
{
    m_load = models::loadOf(routings);
    m_minus = models::loadOf(minus);
    plots::HeatmapData map;
    const Choice& shown = choice();
    if (shown.minus) {
        map.scale = plots::HeatmapScale::ShareDifference;
        m_map->setDifferenceWords(tr("%1 more", "side or branch").arg(shown.minus->name),
            tr("%1 more", "side or branch").arg(shown.end.name));
    }
    m_title.setUnit(shown.minus ? tr("share of tokens") : tr("utilisation"));
    if (!shown.minus || (m_load.rows > 0 && m_minus.rows > 0)) {
        map.rows = std::max(m_load.rows, m_minus.rows);
        map.columns = std::max(m_load.columns, m_minus.columns);
    }
    const auto cells = static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns);
    map.values.reserve(cells);
    for (int row = 0; row < map.rows; ++row) {
        for (int expert = 0; expert < map.columns; ++expert)
            map.values.push_back(valueAt(row, expert));
    }
    for (const chats::MaskedExpert& mask : m_masks) {
        if (mask.layer < map.rows && mask.expert < map.columns) {
            map.masked.resize(cells, 0);
            map.masked[static_cast<size_t>(mask.layer) * static_cast<size_t>(map.columns)
                + static_cast<size_t>(mask.expert)]
                = 1;
        }
    }
    showMap(std::move(map), why);
}

void RoutingPanel::showMap(plots::HeatmapData map, const QString& why)
{
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
    if (routing != nullptr && !choice().minus && column >= 0 && column < routing->columns()) {
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
    if (row < 0 || column < 0 || column >= map.columns || cell >= map.values.size())
        return text;
    text.heading = tr("Layer %1, expert %2").arg(row).arg(column);
    if (!map.masked.empty() && map.masked[cell] != 0)
        text.lines.emplace_back(tr("Masked"), tr("in this conversation"));
    const QString percent = models::narrowSpace() + QLatin1Char('%');
    if (const Choice& shown = choice(); shown.minus) {
        const auto share = [&percent](float value) {
            return std::isnan(value)
                ? models::unknownText()
                : models::formatFixed(100 * static_cast<double>(value), 1) + percent;
        };
        text.lines.emplace_back(
            tr("Tokens, %1").arg(shown.end.name), share(m_load.share(row, column)));
        text.lines.emplace_back(
            tr("Tokens, %1").arg(shown.minus->name), share(m_minus.share(row, column)));
        text.lines.emplace_back(tr("Difference"), plots::cellNumber(map.scale, map.values[cell]));
        return text;
    }
    text.lines.emplace_back(
        tr("Utilisation"), models::formatUtilisation(static_cast<double>(map.values[cell])));
    text.lines.emplace_back(tr("Assignments"), formatCount(m_load.loadAt(row, column)));
    text.lines.emplace_back(
        tr("Ideal"), models::formatFixed(m_load.ideal[static_cast<size_t>(row)], 1));
    return text;
}

void RoutingPanel::showMenu(int row, int column, const QPoint& global)
{
    if (!m_load.has(row, column) && !m_minus.has(row, column))
        return;
    const bool masked
        = std::ranges::find(m_masks, chats::MaskedExpert{row, column}) != m_masks.end();
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("cellMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    connect(menu->addAction(masked ? tr("Unmask expert %1 of layer %2").arg(column).arg(row)
                                   : tr("Mask expert %1 of layer %2").arg(column).arg(row)),
        &QAction::triggered, this,
        [this, row, column, masked] { Q_EMIT maskWanted(row, column, !masked); });
    const bool marked = m_marked == chats::MaskedExpert{row, column};
    connect(menu->addAction(marked ? tr("Hide its tokens") : tr("Show its tokens")),
        &QAction::triggered, this,
        [this, row, column, marked] { Q_EMIT tokensWanted(row, column, !marked); });
    connect(menu->addAction(tr("Show layer %1 in the strip").arg(row)), &QAction::triggered, this,
        [this, row] { Q_EMIT layerActivated(row); });
    menu->popup(global);
}

} // namespace moe::chat
