// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/composer.h"
#include "ui/shell/theme.h"

#include <QKeyEvent>

#include <algorithm>

namespace moe::chat {

using shell::px;

namespace {

constexpr int kFewestLines = 2, kMostLines = 8;

} // namespace

ChatInput::ChatInput(QWidget* parent)
    : QPlainTextEdit(parent)
{
    setObjectName(QStringLiteral("chatInput"));
    setAccessibleName(tr("Message"));
    setPlaceholderText(tr("Message. Enter sends, Shift+Enter starts a new line"));
    setFont(shell::font(shell::TextRole::Chat));
    setTabChangesFocus(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    document()->setDocumentMargin(px(6));
    connect(this, &QPlainTextEdit::textChanged, this, &ChatInput::grow);
    grow();
}

void ChatInput::setRightInset(int pixels)
{
    setViewportMargins(0, 0, pixels, 0);
}

void ChatInput::grow()
{
    // QPlainTextEdit's document counts lines, wrapped ones too
    const int lines
        = std::clamp(static_cast<int>(document()->size().height()), kFewestLines, kMostLines);
    setFixedHeight(lines * fontMetrics().lineSpacing() + 2 * px(6) + px(10));
}

void ChatInput::resizeEvent(QResizeEvent* event)
{
    QPlainTextEdit::resizeEvent(event);
    grow();
}

void ChatInput::keyPressEvent(QKeyEvent* event)
{
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && !event->modifiers().testFlag(Qt::ShiftModifier)) {
        Q_EMIT sendWanted();
        return;
    }
    if (event->key() == Qt::Key_Up && event->modifiers() == Qt::NoModifier
        && document()->isEmpty()) {
        Q_EMIT editLastWanted();
        return;
    }
    QPlainTextEdit::keyPressEvent(event);
}

} // namespace moe::chat
