// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/recent.h"

#include "ui/shell/theme.h"

#include <QCoreApplication>
#include <QLocale>

namespace moe::shell {

QString openedText(const QDateTime& opened, const QDateTime& now)
{
    const QLocale locale;
    if (opened.date() == now.date())
        return opened.toString(QStringLiteral("HH:mm"));
    if (opened.date() == now.date().addDays(-1))
        return RecentModel::tr("yesterday");
    const bool thisYear = opened.date().year() == now.date().year();
    return locale.toString(opened.date(),
        thisYear ? RecentModel::tr("d MMM", "date without year, Qt format")
                 : RecentModel::tr("d MMM yyyy", "date with year, Qt format"));
}

void RecentModel::setItems(QList<RecentItem> items)
{
    beginResetModel();
    m_items = std::move(items);
    endResetModel();
}

void RecentModel::activate(int row) const
{
    if (row >= 0 && row < m_items.size() && m_items.at(row).activate) {
        const auto open = m_items.at(row).activate; // it may change the items
        open();
    }
}

int RecentModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_items.size());
}

int RecentModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RecentModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RecentItem& item = m_items.at(index.row());
    if (role == Qt::DecorationRole && index.column() == Name)
        return icon(item.icon);
    if (role == Qt::TextAlignmentRole)
        return QVariant(
            (index.column() >= State ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ForegroundRole) {
        if (index.column() == Name)
            return theme().text;
        if (index.column() == State && item.stateTone == RecentItem::Tone::Live)
            return theme().accent;
        if (index.column() == State && item.stateTone == RecentItem::Tone::Warning)
            return theme().warn;
        if (index.column() == State && item.stateTone == RecentItem::Tone::Error)
            return theme().error;
        return theme().text2;
    }
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (index.column()) {
    case Name:
        return item.name;
    case What:
        return item.what;
    case State:
        return item.state;
    default:
        return role == Qt::ToolTipRole ? QLocale().toString(item.opened, QLocale::ShortFormat)
                                       : openedText(item.opened, QDateTime::currentDateTime());
    }
}

QVariant RecentModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section >= State ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Name");
    case What:
        return tr("What");
    case State:
        return tr("State");
    default:
        return tr("Opened");
    }
}

} // namespace moe::shell
