// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/cell_tooltip.h"

#include "ui/shell/theme.h"

#include <QPainter>
#include <QScreen>

#include <algorithm>

namespace moe::plots {

using shell::px;

CellTooltip::CellTooltip(QWidget* parent)
    : QWidget(parent, Qt::ToolTip | Qt::FramelessWindowHint)
{
    setAttribute(Qt::WA_ShowWithoutActivating);
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_TranslucentBackground);
    setObjectName(QStringLiteral("cellTooltip"));
}

QSize CellTooltip::contentSize() const
{
    const QFontMetrics heading(shell::font(shell::TextRole::Secondary, true));
    const QFontMetrics label(shell::font(shell::TextRole::Secondary));
    const QFontMetrics value(shell::numberFont(shell::TextRole::Secondary));
    int labels = 0, values = 0;
    for (const auto& [name, number] : m_text.lines) {
        labels = std::max(labels, label.horizontalAdvance(name));
        values = std::max(values, value.horizontalAdvance(number));
    }
    const int width = std::max(labels + px(28) + values, heading.horizontalAdvance(m_text.heading));
    return {width + 2 * px(11), px(18) * (int(m_text.lines.size()) + 1) + 2 * px(8)};
}

void CellTooltip::showAt(const QRect& cell, const HeatmapPlot::CellText& text)
{
    m_text = text;
    const QSize size = contentSize();
    const QRect area = parentWidget()->screen()->availableGeometry();
    QPoint at(cell.right() + px(8), cell.bottom() + px(8));
    if (at.x() + size.width() > area.right())
        at.setX(std::max(area.left(), cell.left() - px(8) - size.width()));
    if (at.y() + size.height() > area.bottom())
        at.setY(std::max(area.top(), cell.top() - px(8) - size.height()));
    setGeometry(QRect(at, size));
    show();
    update();
}

void CellTooltip::paintEvent(QPaintEvent*)
{
    const shell::Theme& theme = shell::theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(theme.base);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(4), px(4));
    QRect row(px(11), px(8), width() - 2 * px(11), px(18));
    painter.setFont(shell::font(shell::TextRole::Secondary, true));
    painter.setPen(theme.text);
    painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, m_text.heading);
    const QFont label = shell::font(shell::TextRole::Secondary);
    const QFont value = shell::numberFont(shell::TextRole::Secondary);
    for (const auto& [name, number] : m_text.lines) {
        row.translate(0, px(18));
        painter.setFont(label);
        painter.setPen(theme.text2);
        painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, name);
        painter.setFont(value);
        painter.setPen(theme.text);
        painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, number);
    }
}

} // namespace moe::plots
