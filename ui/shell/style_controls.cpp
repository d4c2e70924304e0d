// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/style_draw.h"
#include "ui/shell/theme.h"

#include <QStyle>

#include <algorithm>

namespace moe::shell {

namespace {

constexpr double kRadius = 4;

bool has(const QStyleOption& option, QStyle::StateFlag flag)
{
    return option.state.testFlag(flag);
}

/// The rectangle whose one-pixel border lies on whole pixels inside `rect`.
QRectF borderRect(const QRect& rect)
{
    return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5);
}

void roundRect(QPainter& painter, const QRectF& rect, const QColor& fill, const QColor& line)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    painter.setPen(line.isValid() ? QPen(line, 1) : QPen(Qt::NoPen));
    painter.drawRoundedRect(rect, px(kRadius), px(kRadius));
    painter.restore();
}

/// One of a row of buttons that share their borders: the row alone has round corners.
void joinedRect(
    QPainter& painter, const QRect& rect, const QColor& fill, const QColor& line, int joined)
{
    QRectF body = borderRect(rect);
    const double beyond = px(kRadius) + 1;
    body.adjust(
        (joined & kJoinedLeft) != 0 ? -beyond : 0, 0, (joined & kJoinedRight) != 0 ? beyond : 0, 0);
    painter.save();
    painter.setClipRect(rect);
    roundRect(painter, body, fill, line);
    if ((joined & kJoinedRight) != 0)
        painter.fillRect(QRect(rect.right(), rect.top(), 1, rect.height()), line);
    painter.restore();
}

/// Icon and text of a button as one centred group.
void drawIconAndText(QPainter& painter, const QRect& rect, const QIcon& icon, QSize iconSize,
    const QString& text, const QColor& ink, QIcon::Mode mode, QIcon::State state)
{
    const int gap = icon.isNull() || text.isEmpty() ? 0 : px(6);
    const int iconWidth = icon.isNull() ? 0 : iconSize.width();
    const int textWidth
        = text.isEmpty() ? 0 : painter.fontMetrics().size(Qt::TextShowMnemonic, text).width();
    int x = rect.x() + std::max(0, (rect.width() - iconWidth - gap - textWidth) / 2);
    if (!icon.isNull()) {
        const QRect place(
            x, rect.y() + (rect.height() - iconSize.height()) / 2, iconWidth, iconSize.height());
        icon.paint(&painter, place, Qt::AlignCenter, mode, state);
        x += iconWidth + gap;
    }
    if (!text.isEmpty()) {
        painter.setPen(ink);
        painter.drawText(QRect(x, rect.y(), rect.right() - x + 1, rect.height()),
            Qt::AlignVCenter | Qt::AlignLeft | Qt::TextHideMnemonic, text);
    }
}

} // namespace

void drawFocusRing(QPainter& painter, const QRectF& rect)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), px(kRadius), px(kRadius));
    painter.restore();
}

void drawField(QPainter& painter, const QStyleOption& option)
{
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool editable = enabled && !has(option, QStyle::State_ReadOnly);
    roundRect(painter, borderRect(option.rect), editable ? theme().base : theme().window,
        editable ? theme().border : theme().line);
    if (has(option, QStyle::State_HasFocus) && enabled)
        drawFocusRing(painter, option.rect);
}

void drawChevron(QPainter& painter, const QRect& rect, bool down, bool enabled)
{
    const int side = std::min({px(16), rect.width(), rect.height()});
    const QRect place(
        rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, side, side);
    icon(down ? QStringLiteral("chevron-down") : QStringLiteral("chevron-up"))
        .paint(&painter, place, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
}

void drawPushButton(QPainter& painter, const QStyleOptionButton& option, bool primary,
    bool isMenuButton, int joined)
{
    const Theme& t = theme();
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool pressed = has(option, QStyle::State_Sunken) || has(option, QStyle::State_On);
    const bool hovered = has(option, QStyle::State_MouseOver) && enabled;
    const bool flat = option.features.testFlag(QStyleOptionButton::Flat);
    QColor fill = flat ? QColor() : t.base;
    QColor line = flat ? QColor() : (enabled ? t.border : t.line);
    QColor ink = enabled ? t.text : t.disabled;
    if (primary && enabled) {
        fill = line = pressed || hovered ? Theme::blend(t.text, t.accent, 0.15) : t.accent;
        ink = t.onAccent;
    } else if (pressed && enabled) {
        fill = t.sel;
        ink = t.selText;
    } else if (hovered) {
        fill = t.hover;
    }
    if (!enabled && !flat)
        fill = QColor();
    if (joined != kAlone)
        joinedRect(painter, option.rect, fill, line, joined);
    else if (fill.isValid() || line.isValid())
        roundRect(painter, borderRect(option.rect), fill, line);
    if (has(option, QStyle::State_HasFocus) && enabled)
        drawFocusRing(painter, option.rect);
    QRect content = option.rect;
    if (isMenuButton) {
        drawChevron(painter, QRect(content.right() - px(22), content.y(), px(16), content.height()),
            true, enabled);
        content.adjust(0, 0, -px(16), 0);
    }
    const QSize iconSize = option.iconSize.isValid() ? option.iconSize : QSize(px(16), px(16));
    drawIconAndText(painter, content, option.icon, iconSize, option.text, ink,
        enabled ? (primary ? QIcon::Selected : QIcon::Normal) : QIcon::Disabled, QIcon::Off);
}

void drawToolButton(
    QPainter& painter, const QStyleOptionToolButton& option, bool underlined, bool isField)
{
    const Theme& t = theme();
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool on = has(option, QStyle::State_On);
    const bool pressed = has(option, QStyle::State_Sunken);
    const bool hovered = has(option, QStyle::State_MouseOver) && enabled;
    const bool isTab = underlined && !option.text.isEmpty();
    const int gap = isTab ? px(kBarGap) : 0;
    const QRect body = underlined ? option.rect.adjusted(gap, px(5), -gap, -px(5)) : option.rect;
    QColor ink = enabled ? (isTab && !on ? t.text2 : t.text) : t.disabled;
    QColor fill;
    if ((pressed || (on && !isTab)) && enabled) {
        fill = t.sel;
        ink = t.selText;
    } else if (hovered) {
        fill = underlined ? Theme::blend(t.text, t.window, 0.05) : t.hover;
    }
    if (isField)
        roundRect(painter, borderRect(body), fill.isValid() ? fill : t.base, t.border);
    else if (fill.isValid())
        roundRect(painter, body, fill, {});
    painter.save();
    QFont face = option.font;
    face.setWeight(isTab && on ? QFont::DemiBold : QFont::Normal);
    painter.setFont(face);
    const bool iconOnly = option.toolButtonStyle == Qt::ToolButtonIconOnly || option.text.isEmpty();
    const bool textOnly = option.toolButtonStyle == Qt::ToolButtonTextOnly;
    const bool arrow = isField
        || (option.features.testFlag(QStyleOptionToolButton::HasMenu)
            && option.features.testFlag(QStyleOptionToolButton::Menu) && !iconOnly);
    QRect content = option.rect;
    if (arrow) {
        drawChevron(painter, QRect(content.right() - px(20), content.y(), px(16), content.height()),
            true, enabled);
        content.adjust(0, 0, -px(16), 0);
    }
    drawIconAndText(painter, content, textOnly ? QIcon() : option.icon, option.iconSize,
        iconOnly ? QString() : option.text, ink, enabled ? QIcon::Normal : QIcon::Disabled,
        on ? QIcon::On : QIcon::Off);
    painter.restore();
    if (isTab && on)
        painter.fillRect(QRect(body.x(), option.rect.bottom() - 1, body.width(), 2), t.accent);
    if (has(option, QStyle::State_HasFocus) && has(option, QStyle::State_KeyboardFocusChange))
        drawFocusRing(painter, body);
}

void drawIndicator(QPainter& painter, const QStyleOption& option, bool round)
{
    const Theme& t = theme();
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool on = has(option, QStyle::State_On) || has(option, QStyle::State_NoChange);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(on && enabled ? t.accent : (enabled ? t.border : t.line), 1));
    painter.setBrush(on && enabled ? t.accent : t.base);
    const QRectF rect = borderRect(option.rect);
    if (round)
        painter.drawEllipse(rect);
    else
        painter.drawRoundedRect(rect, px(3), px(3));
    if (on && round) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(enabled ? t.onAccent : t.disabled);
        const double inset = rect.width() * 0.3;
        painter.drawEllipse(rect.adjusted(inset, inset, -inset, -inset));
    }
    painter.restore();
    if (on && !round) {
        const QPixmap mark = iconPixmap(QStringLiteral("check"), enabled ? t.onAccent : t.disabled,
            option.rect.width(), painter.device()->devicePixelRatioF());
        painter.drawPixmap(option.rect.topLeft(), mark);
    }
    if (has(option, QStyle::State_HasFocus))
        drawFocusRing(painter, QRectF(option.rect).adjusted(-2, -2, 2, 2));
}

void drawComboBox(QPainter& painter, const QStyleOptionComboBox& option)
{
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool hovered = has(option, QStyle::State_MouseOver) && enabled && !option.editable;
    roundRect(painter, borderRect(option.rect),
        enabled ? (hovered ? theme().hover : theme().base) : QColor(),
        enabled ? theme().border : theme().line);
    drawChevron(painter,
        QRect(option.rect.right() - px(23), option.rect.y(), px(16), option.rect.height()), true,
        enabled);
    if (has(option, QStyle::State_HasFocus) && enabled)
        drawFocusRing(painter, option.rect);
}

void drawSlider(QPainter& painter, const QStyleOptionSlider& option, const QRect& handle)
{
    const Theme& t = theme();
    const bool enabled = has(option, QStyle::State_Enabled);
    const QColor ink = enabled ? t.accent : t.disabled;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QPoint centre = handle.center();
    if (option.orientation == Qt::Horizontal) {
        const int y = option.rect.center().y();
        painter.fillRect(QRect(option.rect.x(), y, option.rect.width(), 2), t.line);
        const int left = option.upsideDown ? centre.x() : option.rect.x();
        const int right = option.upsideDown ? option.rect.right() : centre.x();
        painter.fillRect(QRect(left, y, right - left, 2), ink);
    } else {
        const int x = option.rect.center().x();
        painter.fillRect(QRect(x, option.rect.y(), 2, option.rect.height()), t.line);
        painter.fillRect(QRect(x, centre.y(), 2, option.rect.bottom() - centre.y()), ink);
    }
    const double radius = px(6) - 0.75;
    painter.setPen(QPen(ink, 1.5));
    painter.setBrush(t.base);
    painter.drawEllipse(QPointF(centre) + QPointF(0.5, 0.5 + 0.5), radius, radius);
    painter.restore();
    if (has(option, QStyle::State_HasFocus) && has(option, QStyle::State_KeyboardFocusChange))
        drawFocusRing(painter, option.rect);
}

void drawProgressBar(QPainter& painter, const QStyleOptionProgressBar& option)
{
    const int height = std::min(px(6), option.rect.height());
    const QRectF track(QRect(option.rect.x(), option.rect.y() + (option.rect.height() - height) / 2,
        option.rect.width(), height));
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme().hover);
    painter.drawRoundedRect(track, height / 2.0, height / 2.0);
    const double span = static_cast<double>(option.maximum) - option.minimum;
    const double done = static_cast<double>(option.progress) - option.minimum;
    if (span > 0 && done > 0) {
        QRectF chunk = track;
        chunk.setWidth(std::max<double>(height, track.width() * std::min(1.0, done / span)));
        painter.setBrush(has(option, QStyle::State_Enabled) ? theme().accent : theme().disabled);
        painter.drawRoundedRect(chunk, height / 2.0, height / 2.0);
    }
    painter.restore();
}

} // namespace moe::shell
