// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/table_delegates.h"

#include "ui/models/event_table_model.h"
#include "ui/models/expert_table_model.h"
#include "ui/models/run_table_model.h"
#include "ui/shell/theme.h"
#include "ui/training/state_icon.h"

#include <QApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moe::training {

using models::RunTableModel;
using shell::px;
using shell::theme;

namespace {

/// The row's ground as the style draws it, without text.
void paintGround(QPainter* painter, const QStyleOptionViewItem& option)
{
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, option.widget);
}

QColor textColor(const QStyleOptionViewItem& option)
{
    return option.state & QStyle::State_Selected ? theme().selText : theme().text;
}

} // namespace

void RunNameDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    paintGround(painter, item);
    painter->save();
    const QRect area = item.rect.adjusted(px(10), 0, -px(2), 0);
    const int side = px(12);
    const bool pinned = index.data(RunTableModel::Pinned).toBool();
    const QIcon symbol = pinned ? shell::icon(QStringLiteral("pin"))
                                : stateIcon(index.data(RunTableModel::State).toString());
    symbol.paint(painter, QRect(area.left(), area.center().y() - side / 2, side, side));
    int x = area.left() + side + px(7);
    const int colour = index.data(RunTableModel::SeriesColour).toInt();
    if (colour >= 0) {
        const auto slot = static_cast<size_t>(std::min(colour, 5));
        painter->fillRect(
            QRect(x, area.center().y(), px(10), std::max(2, px(2))), theme().series[slot]);
        x += px(14);
    }
    painter->setFont(item.font);
    painter->setPen(textColor(item));
    const QRect text(x, area.top(), area.right() - x, area.height());
    painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
        item.fontMetrics.elidedText(item.text, Qt::ElideRight, text.width()));
    painter->restore();
}

QSize RunNameDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const QSize base = QStyledItemDelegate::sizeHint(option, index);
    return {base.width() + px(48), base.height()};
}

void PaddedDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    paintGround(painter, item);
    painter->save();
    painter->setFont(item.font);
    painter->setPen(textColor(item));
    const QRect text = item.rect.adjusted(px(14), 0, -px(2), 0);
    painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
        item.fontMetrics.elidedText(item.text, Qt::ElideRight, text.width()));
    painter->restore();
}

void FlagDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    paintGround(painter, item);
    const int number = index.data(models::EventTableModel::FlagNumber).toInt();
    if (number == 0)
        return;
    const bool warning = index.data(models::EventTableModel::FoundByEngine).toBool();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QColor color = warning ? theme().warn : theme().text2;
    QPen pen(color, 1.2);
    pen.setJoinStyle(Qt::RoundJoin);
    painter->setPen(pen);
    const double side = px(16);
    const QPointF middle = QRectF(item.rect).center();
    const QRectF box(middle.x() - side / 2, middle.y() - side / 2, side, side);
    painter->drawEllipse(box);
    // Caption size where it fits; three figures are made to fit.
    QFont small = shell::numberFont(shell::TextRole::Caption);
    const QString text = QString::number(number);
    if (text.size() > 1)
        small.setPixelSize(std::max(1, px(text.size() > 2 ? 7 : 9)));
    painter->setFont(small);
    painter->drawText(box, Qt::AlignCenter, text);
    painter->restore();
}

void ExpertDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    using models::ExpertTableModel;
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    if (index.column() == ExpertTableModel::Verdict) {
        const bool dead = index.data(ExpertTableModel::IsDead).toBool();
        if (dead)
            item.font.setWeight(QFont::DemiBold);
        paintGround(painter, item);
        painter->save();
        painter->setFont(item.font);
        painter->setPen(dead ? theme().warn : theme().text2);
        painter->drawText(
            item.rect.adjusted(px(12), 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, item.text);
        painter->restore();
        return;
    }
    paintGround(painter, item);
    const double value = index.data(ExpertTableModel::Value).toDouble();
    painter->save();
    const QRect area = item.rect.adjusted(px(8), 0, -px(8), 0);
    const double perUnit = area.width() / 2.0; // 0 … 2, as the colours
    const int middle = area.left() + static_cast<int>(perUnit);
    if (std::isfinite(value)) {
        const int length = static_cast<int>(std::lround(perUnit * std::clamp(value, 0.0, 2.0)));
        const QColor color = value >= 1 ? theme().diverging[5] : theme().diverging[1];
        painter->fillRect(QRect(area.left(), area.center().y() - px(3), length, px(7)), color);
    }
    painter->fillRect(QRect(middle, area.center().y() - px(5), 1, px(11)), theme().text);
    painter->restore();
}

} // namespace moe::training
