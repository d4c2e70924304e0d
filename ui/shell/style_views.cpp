// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/style_draw.h"
#include "ui/shell/theme.h"

#include <QStyle>

#include <algorithm>

namespace moe::shell {

void drawTab(QPainter& painter, const QStyleOptionTab& option)
{
    const Theme& t = theme();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const bool enabled = option.state.testFlag(QStyle::State_Enabled);
    const bool hovered = option.state.testFlag(QStyle::State_MouseOver) && !selected && enabled;
    if (hovered)
        painter.fillRect(option.rect.adjusted(0, 0, 0, -1), t.hover);
    painter.save();
    painter.setFont(font(TextRole::Body, selected));
    painter.setPen(enabled ? (selected ? t.text : t.text2) : t.disabled);
    QRect place = option.rect;
    if (!option.icon.isNull()) {
        const QRect at(
            place.x() + px(12), place.y() + (place.height() - px(16)) / 2, px(16), px(16));
        option.icon.paint(&painter, at, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled,
            selected ? QIcon::On : QIcon::Off);
        place.adjust(px(22), 0, 0, 0);
    }
    painter.drawText(place, Qt::AlignCenter | Qt::TextHideMnemonic, option.text);
    painter.restore();
    if (selected)
        painter.fillRect(
            QRect(option.rect.x(), option.rect.bottom() - 1, option.rect.width(), 2), t.accent);
    if (option.state.testFlag(QStyle::State_HasFocus))
        drawFocusRing(painter, option.rect);
}

void drawHeaderSection(QPainter& painter, const QStyleOptionHeader& option)
{
    const Theme& t = theme();
    const bool hovered = option.state.testFlag(QStyle::State_MouseOver)
        && option.state.testFlag(QStyle::State_Enabled);
    painter.fillRect(option.rect, hovered ? t.hover : t.base);
    if (option.orientation == Qt::Horizontal)
        painter.fillRect(
            QRect(option.rect.x(), option.rect.bottom(), option.rect.width(), 1), t.line);
}

void drawScrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& handle)
{
    const Theme& t = theme();
    painter.fillRect(option.rect, t.base);
    if (option.maximum <= option.minimum)
        return;
    const bool active = option.state.testFlag(QStyle::State_MouseOver)
        || option.state.testFlag(QStyle::State_Sunken);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(active ? t.border : Theme::blend(t.border, t.base, 0.5));
    const double inset = std::min(option.rect.width(), option.rect.height()) * 0.25;
    const QRectF thumb = QRectF(handle).adjusted(inset, inset, -inset, -inset);
    const double radius = std::min(thumb.width(), thumb.height()) / 2;
    painter.drawRoundedRect(thumb, radius, radius);
    painter.restore();
}

void drawSplitterLine(QPainter& painter, const QRect& rect)
{
    // what it parts are docks on the base colour: only the line is seen
    painter.fillRect(rect, theme().base);
    const QRect line = rect.height() > rect.width()
        ? QRect(rect.center().x(), rect.y(), 1, rect.height())
        : QRect(rect.x(), rect.center().y(), rect.width(), 1);
    painter.fillRect(line, theme().line);
}

void drawMenuBarItem(QPainter& painter, const QStyleOptionMenuItem& option)
{
    const Theme& t = theme();
    painter.fillRect(option.rect, t.window);
    const bool enabled = option.state.testFlag(QStyle::State_Enabled);
    const bool active = option.state.testFlag(QStyle::State_Selected) && enabled;
    if (active) {
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(t.sel);
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0, px(3), 0, -px(3)), px(4), px(4));
        painter.restore();
    }
    painter.setPen(enabled ? (active ? t.selText : t.text) : t.disabled);
    painter.drawText(option.rect, Qt::AlignCenter | Qt::TextShowMnemonic, option.text);
}

void drawMenuItem(QPainter& painter, const QStyleOptionMenuItem& option, int iconColumn)
{
    const Theme& t = theme();
    if (option.menuItemType == QStyleOptionMenuItem::Separator) {
        const int y = option.rect.center().y();
        painter.fillRect(QRect(option.rect.x(), y, option.rect.width(), 1), t.line);
        if (!option.text.isEmpty()) {
            painter.setPen(t.text3);
            painter.setFont(font(TextRole::Secondary));
            painter.drawText(option.rect.adjusted(px(12), 0, 0, 0), Qt::AlignVCenter, option.text);
        }
        return;
    }
    const bool enabled = option.state.testFlag(QStyle::State_Enabled);
    const bool active = option.state.testFlag(QStyle::State_Selected) && enabled;
    if (active)
        painter.fillRect(option.rect, t.sel);
    const QRect mark(option.rect.x() + px(8), option.rect.y() + (option.rect.height() - px(16)) / 2,
        px(16), px(16));
    const QIcon::Mode mode = enabled ? (active ? QIcon::Selected : QIcon::Normal) : QIcon::Disabled;
    if (option.checkType != QStyleOptionMenuItem::NotCheckable && option.checked)
        icon(QStringLiteral("check")).paint(&painter, mark, Qt::AlignCenter, mode);
    else if (!option.icon.isNull())
        option.icon.paint(&painter, mark, Qt::AlignCenter, mode);
    QRect text = option.rect.adjusted(iconColumn, 0, -px(12), 0);
    const QColor ink = enabled ? (active ? t.selText : t.text) : t.disabled;
    const QStringList parts = option.text.split(QLatin1Char('\t'));
    painter.setPen(ink);
    painter.drawText(text, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextShowMnemonic, parts.first());
    if (parts.size() > 1) {
        painter.setPen(active || !enabled ? ink : t.text3);
        painter.drawText(text, Qt::AlignVCenter | Qt::AlignRight, parts.at(1));
    }
    if (option.menuItemType == QStyleOptionMenuItem::SubMenu)
        icon(QStringLiteral("chevron-right"))
            .paint(&painter, QRect(option.rect.right() - px(20), mark.y(), px(16), px(16)),
                Qt::AlignCenter, mode);
}

} // namespace moe::shell
