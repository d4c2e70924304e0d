// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/palette_model.h"

#include <QRegularExpression>
#include <QTimer>

#include <algorithm>
#include <numeric>

namespace moe::shell {

void PaletteModel::setGroups(QList<PaletteGroup> groups)
{
    m_groups = std::move(groups);
    rebuild();
}

void PaletteModel::setQuery(const QString& query)
{
    m_query = query;
    rebuild();
}

void PaletteModel::rebuild()
{
    beginResetModel();
    m_rows.clear();
    QString query = m_query.trimmed();
    QChar prefix;
    const bool prefixed = !query.isEmpty()
        && std::any_of(m_groups.begin(), m_groups.end(), [&query](const PaletteGroup& group) {
               return !group.prefix.isNull() && group.prefix == query.front();
           });
    if (prefixed) {
        prefix = query.front();
        query.remove(0, 1);
    }
    for (int g = 0; g < m_groups.size(); ++g) {
        const PaletteGroup& group = m_groups.at(g);
        if (prefixed && group.prefix != prefix)
            continue;
        QList<Row> first;
        QList<Row> others;
        for (int e = 0; e < group.entries.size(); ++e) {
            if (const auto match = matchPalette(group.entries.at(e).text, query))
                (match->prefix ? first : others).append({g, e, match->spans});
        }
        if (first.isEmpty() && others.isEmpty())
            continue;
        m_rows.append({g, -1, {}});
        m_rows += first;
        m_rows += others;
    }
    endResetModel();
}

int PaletteModel::hits() const
{
    return static_cast<int>(
        std::count_if(m_rows.begin(), m_rows.end(), [](const Row& row) { return row.entry >= 0; }));
}

int PaletteModel::total() const
{
    return std::accumulate(
        m_groups.begin(), m_groups.end(), 0, [](int sum, const PaletteGroup& group) {
            return sum + static_cast<int>(group.entries.size());
        });
}

bool PaletteModel::isHeading(int row) const
{
    return m_rows.at(row).entry < 0;
}

int PaletteModel::firstEntry() const
{
    return m_rows.isEmpty() ? -1 : 1;
}

int PaletteModel::nextEntry(int row, int step) const
{
    int next = row + step;
    while (next >= 0 && next < m_rows.size() && isHeading(next))
        next += step > 0 ? 1 : -1;
    return next >= 0 && next < m_rows.size() ? next : row;
}

const PaletteEntry& PaletteModel::entryAt(int row) const
{
    const Row& at = m_rows.at(row);
    return m_groups.at(at.group).entries.at(at.entry);
}

void PaletteModel::run(int row) const
{
    if (row < 0 || row >= m_rows.size() || isHeading(row))
        return;
    QTimer::singleShot(0, entryAt(row).run);
}

const QList<PaletteMatch::Span>& PaletteModel::spans(int row) const
{
    return m_rows.at(row).spans;
}

int PaletteModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant PaletteModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row& row = m_rows.at(index.row());
    if (role == IsHeadingRole)
        return row.entry < 0;
    if (row.entry < 0)
        return role == Qt::DisplayRole ? m_groups.at(row.group).heading : QVariant();
    const PaletteEntry& entry = m_groups.at(row.group).entries.at(row.entry);
    switch (role) {
    case Qt::DisplayRole:
        return entry.text;
    case Qt::AccessibleTextRole:
        return QStringList({entry.text, entry.detail, entry.shortcut})
            .filter(QRegularExpression(QStringLiteral(".")))
            .join(QStringLiteral(", "));
    case DetailRole:
        return entry.detail;
    case IconNameRole:
        return entry.icon;
    case ShortcutRole:
        return entry.shortcut;
    default:
        return {};
    }
}

Qt::ItemFlags PaletteModel::flags(const QModelIndex& index) const
{
    if (!index.isValid() || isHeading(index.row()))
        return Qt::NoItemFlags;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
}

} // namespace moe::shell
