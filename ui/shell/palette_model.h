// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_registry.h"
#include "ui/shell/palette_match.h"

#include <QAbstractListModel>

namespace moe::shell {

/// One thing that the palette can do.
struct PaletteEntry {
    QString text, detail, icon, shortcut;
    std::function<void()> run;
};

/// Entries of one heading; only the group's prefix, when typed, leaves it alone.
struct PaletteGroup {
    QString heading;
    QChar prefix; ///< '>', '@', '#' or null
    QList<PaletteEntry> entries;
};

/// What the palette's list shows for a query: headings and, under each, the hits, prefix hits
/// before the others, otherwise in the order given. GUI thread.
class PaletteModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { IsHeadingRole = Qt::UserRole, DetailRole, IconNameRole, ShortcutRole };

    using QAbstractListModel::QAbstractListModel;

    void setGroups(QList<PaletteGroup> groups);
    void setQuery(const QString& query);

    int hits() const; ///< entries shown
    int total() const; ///< entries there are
    bool isHeading(int row) const;
    int firstEntry() const; ///< row, −1 when there is none
    int nextEntry(int row, int step) const; ///< skips headings; stays where there is no other
    void run(int row) const; ///< through the event loop, after the palette has closed
    const QList<PaletteMatch::Span>& spans(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    struct Row {
        int group, entry; ///< entry −1: the group's heading
        QList<PaletteMatch::Span> spans;
    };
    void rebuild();
    const PaletteEntry& entryAt(int row) const;

    QList<PaletteGroup> m_groups;
    QString m_query;
    QList<Row> m_rows;
};

} // namespace moe::shell
