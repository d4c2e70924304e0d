// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/start_parts.h"

#include "ui/shell/action_registry.h"
#include "ui/shell/style_draw.h"
#include "ui/shell/theme.h"

#include <QPainter>

namespace moe::shell {

namespace {

void fillRound(QPainter& painter, const QRectF& rect, const QColor& fill, const QColor& line = {})
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(fill);
    painter.setPen(line.isValid() ? QPen(line, 1) : QPen(Qt::NoPen));
    painter.drawRoundedRect(rect, px(4), px(4));
    painter.restore();
}

} // namespace

BeginRow::BeginRow(QAction* action, const QString& iconName, const QString& title,
    const QString& detail, QWidget* parent)
    : QAbstractButton(parent)
    , m_action(action)
    , m_iconName(iconName)
    , m_detail(detail)
{
    setText(title);
    setObjectName(action->objectName());
    setAccessibleName(title);
    setAccessibleDescription(detail);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(action, &QAction::changed, this, &BeginRow::followAction);
    connect(this, &QAbstractButton::clicked, action, &QAction::trigger);
    followAction();
}

void BeginRow::followAction()
{
    if (!m_action)
        return;
    setEnabled(m_action->isEnabled());
    setToolTip(m_action->isEnabled() ? QString() : m_action->toolTip());
    update();
}

QSize BeginRow::sizeHint() const
{
    return {px(336), px(44)};
}

void BeginRow::paintEvent(QPaintEvent*)
{
    const Theme& t = theme();
    QPainter painter(this);
    if (isEnabled() && isDown())
        fillRound(painter, rect(), t.sel);
    else if (isEnabled() && underMouse())
        fillRound(painter, rect(), t.hover);
    const int side = px(16);
    painter.drawPixmap(px(13), (height() - side) / 2,
        iconPixmap(m_iconName, isEnabled() ? t.accent : t.disabled, side, devicePixelRatioF()));
    int right = width() - px(12);
    const QString key
        = m_action ? m_action->shortcut().toString(QKeySequence::NativeText) : QString();
    if (!key.isEmpty()) {
        painter.setFont(shell::font(TextRole::Caption));
        painter.setPen(isEnabled() ? t.text3 : t.disabled);
        painter.drawText(QRect(0, 0, right, height()), Qt::AlignVCenter | Qt::AlignRight, key);
        right -= painter.fontMetrics().horizontalAdvance(key) + px(8);
    }
    const int left = px(42);
    const auto line = [&](int top, TextRole role, const QColor& ink, const QString& text) {
        painter.setFont(shell::font(role));
        painter.setPen(ink);
        painter.drawText(QRect(left, top, right - left, px(18)), Qt::AlignVCenter | Qt::AlignLeft,
            painter.fontMetrics().elidedText(text, Qt::ElideRight, right - left));
    };
    line(px(5), TextRole::Body, isEnabled() ? t.text : t.disabled, text());
    line(px(21), TextRole::Secondary, isEnabled() ? t.text3 : t.disabled, m_detail);
    if (hasFocus())
        drawFocusRing(painter, rect());
}

LinkButton::LinkButton(QWidget* parent)
    : QAbstractButton(parent)
{
    setFont(shell::font(TextRole::Secondary));
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize LinkButton::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(text()) + px(12), px(24)};
}

void LinkButton::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    QFont face = font();
    face.setUnderline(underMouse() && isEnabled());
    painter.setFont(face);
    painter.setPen(isEnabled() ? theme().accent : theme().disabled);
    painter.drawText(rect().adjusted(px(6), 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, text());
    if (hasFocus())
        drawFocusRing(painter, rect());
}

SearchField::SearchField(QAction* action, QWidget* parent)
    : QAbstractButton(parent)
    , m_action(action)
{
    setObjectName(QStringLiteral("paletteField"));
    setText(tr("Find an action, run, layer or metric"));
    setAccessibleName(text());
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(this, &QAbstractButton::clicked, action, &QAction::trigger);
}

QSize SearchField::sizeHint() const
{
    return {px(300), px(22)};
}

void SearchField::paintEvent(QPaintEvent*)
{
    const Theme& t = theme();
    QPainter painter(this);
    fillRound(painter, QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), t.base,
        underMouse() ? t.border : t.line);
    const int side = px(16);
    painter.drawPixmap(px(6), (height() - side) / 2,
        iconPixmap(QStringLiteral("search"), t.text2, side, devicePixelRatioF()));
    const QString key
        = m_action ? m_action->shortcut().toString(QKeySequence::NativeText) : QString();
    painter.setFont(shell::font(TextRole::Caption));
    painter.setPen(t.text3);
    const int right = width() - px(7);
    painter.drawText(QRect(0, 0, right, height()), Qt::AlignVCenter | Qt::AlignRight, key);
    const int room = right - painter.fontMetrics().horizontalAdvance(key) - px(8) - px(27);
    painter.setFont(shell::font(TextRole::Secondary));
    painter.drawText(QRect(px(27), 0, room, height()), Qt::AlignVCenter | Qt::AlignLeft,
        painter.fontMetrics().elidedText(text(), Qt::ElideRight, room));
    if (hasFocus())
        drawFocusRing(painter, rect());
}

} // namespace moe::shell
