// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/event_table_model.h"

#include "ui/models/event_text.h"
#include "ui/models/format.h"

#include <algorithm>

namespace moe::models {

namespace {

bool sameEvent(const NumberedEvent& a, const NumberedEvent& b)
{
    return a.flag == b.flag && a.event.step == b.event.step && a.event.kind == b.event.kind
        && a.event.payload == b.event.payload;
}

} // namespace

void EventTableModel::setEvents(const std::vector<NumberedEvent>& events)
{
    std::vector<NumberedEvent> newest(events.rbegin(), events.rend());
    const size_t more = newest.size() - std::min(newest.size(), m_events.size());
    const bool grew = more > 0
        && std::equal(m_events.begin(), m_events.end(),
            newest.begin() + static_cast<ptrdiff_t>(more), sameEvent);
    if (grew) {
        beginInsertRows({}, 0, static_cast<int>(more) - 1);
        m_events = std::move(newest);
        endInsertRows();
    } else if (!std::ranges::equal(newest, m_events, sameEvent)) {
        beginResetModel();
        m_events = std::move(newest);
        endResetModel();
    }
}

int EventTableModel::rowOfFlag(int number) const
{
    const auto found = std::ranges::find(m_events, number, &NumberedEvent::flag);
    return found == m_events.end() ? -1 : static_cast<int>(found - m_events.begin());
}

int EventTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_events.size());
}

int EventTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant EventTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const NumberedEvent& numbered = m_events[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        if (index.column() == Step)
            return formatCount(numbered.event.step);
        return index.column() == What ? QVariant(whatHappened(numbered.event)) : QVariant();
    case Qt::ToolTipRole:
        return tr("Step %1: %2")
            .arg(formatCount(numbered.event.step), whatHappened(numbered.event));
    case Qt::AccessibleTextRole:
        if (index.column() == Flag && numbered.flag > 0)
            return tr("Flag %1").arg(numbered.flag);
        return data(index, Qt::DisplayRole);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            (index.column() == Step ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case StepNumber:
        return static_cast<qint64>(numbered.event.step);
    case FlagNumber:
        return numbered.flag;
    case FoundByEngine:
        return numbered.foundByEngine;
    case IsError:
        return numbered.event.kind == "failed";
    default:
        return {};
    }
}

QVariant EventTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (section == Step ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    if (section == Step)
        return tr("Step");
    return section == What ? QVariant(tr("What happened")) : QVariant();
}

} // namespace moe::models
