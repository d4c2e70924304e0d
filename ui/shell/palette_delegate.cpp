// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/palette_delegate.h"

#include "ui/shell/palette_model.h"
#include "ui/shell/theme.h"

#include <QPainter>

#include <algorithm>

namespace moe::shell {

namespace {

/// Draws `text` in runs of plain and semibold, cut at `right`; returns where it ends.
int drawMatched(QPainter& painter, int x, const QRect& row, int right, const QString& text,
    const QList<PaletteMatch::Span>& spans)
{
    int at = 0;
    const auto run = [&](int length, bool semibold) {
        if (length <= 0 || x >= right)
            return;
        painter.setFont(font(TextRole::Body, semibold));
        const QString piece
            = painter.fontMetrics().elidedText(text.mid(at, length), Qt::ElideRight, right - x);
        painter.drawText(
            QRect(x, row.y(), right - x, row.height()), Qt::AlignVCenter | Qt::AlignLeft, piece);
        x += painter.fontMetrics().horizontalAdvance(piece);
        at += length;
    };
    for (const auto& span : spans) {
        run(span.start - at, false);
        run(span.length, true);
    }
    run(static_cast<int>(text.size()) - at, false);
    return x;
}

} // namespace

int PaletteDelegate::rowHeight(bool heading)
{
    return px(heading ? 25 : 30);
}

QSize PaletteDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    return {px(200), rowHeight(index.data(PaletteModel::IsHeadingRole).toBool())};
}

void PaletteDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& t = theme();
    const QRect row = option.rect;
    painter->save();
    if (index.data(PaletteModel::IsHeadingRole).toBool()) {
        painter->setFont(font(TextRole::Secondary));
        painter->setPen(t.text3);
        painter->drawText(
            row.adjusted(px(15), 0, -px(14), 0), Qt::AlignVCenter, index.data().toString());
        painter->restore();
        return;
    }
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    if (selected)
        painter->fillRect(row, t.sel);
    else if (option.state.testFlag(QStyle::State_MouseOver))
        painter->fillRect(row, t.hover);
    const QColor ink = selected ? t.selText : t.text;
    const QString iconName = index.data(PaletteModel::IconNameRole).toString();
    const int side = px(16);
    if (!iconName.isEmpty())
        painter->drawPixmap(row.x() + px(15), row.y() + (row.height() - side) / 2,
            iconPixmap(iconName, selected ? t.selText : t.text2, side,
                painter->device()->devicePixelRatioF()));

    int right = row.right() - px(14);
    const QString key = index.data(PaletteModel::ShortcutRole).toString();
    painter->setFont(font(TextRole::Caption));
    if (!key.isEmpty()) {
        painter->setPen(selected ? t.selText : t.text3);
        painter->drawText(QRect(row.x(), row.y(), right - row.x(), row.height()),
            Qt::AlignVCenter | Qt::AlignRight, key);
        right -= painter->fontMetrics().horizontalAdvance(key) + px(12);
    }
    painter->setPen(ink);
    const auto* model = qobject_cast<const PaletteModel*>(index.model());
    int x = drawMatched(*painter, row.x() + px(40), row, right, index.data().toString(),
        model ? model->spans(index.row()) : QList<PaletteMatch::Span>());
    x += px(10);
    const QString detail = index.data(PaletteModel::DetailRole).toString();
    if (!detail.isEmpty() && x < right) {
        painter->setFont(font(TextRole::Secondary));
        painter->setPen(selected ? t.selText : t.text3);
        painter->drawText(QRect(x, row.y(), right - x, row.height()),
            Qt::AlignVCenter | Qt::AlignLeft,
            painter->fontMetrics().elidedText(detail, Qt::ElideRight, right - x));
    }
    painter->restore();
}

} // namespace moe::shell
