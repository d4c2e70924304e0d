// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/code_block.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/message_view.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QTextBlock>

// A message by keys. Tab goes from message to message; Return enters one, where Tab goes through
// its links and its code, the arrows scroll what is wide, and Escape comes back.
namespace moe::chat {

namespace {

bool hasLinks(const QTextDocument& document)
{
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        for (auto piece = block.begin(); !piece.atEnd(); ++piece) {
            if (piece.fragment().charFormat().isAnchor())
                return true;
        }
    }
    return false;
}

} // namespace

/// What takes keys: texts with links, and code.
QList<QWidget*> MessageView::parts() const
{
    QList<QWidget*> found;
    for (QWidget* segment : m_segments) {
        if (segment->isHidden())
            continue;
        if (auto* code = qobject_cast<CodeBlock*>(segment))
            found += &code->lines();
        else if (hasLinks(*static_cast<MarkdownText*>(segment)->document()))
            found += segment;
    }
    return found;
}

void MessageView::watchKeys(QWidget& segment)
{
    auto* code = qobject_cast<CodeBlock*>(&segment);
    (code != nullptr ? static_cast<QWidget&>(code->lines()) : segment).installEventFilter(this);
}

void MessageView::enterParts()
{
    const QList<QWidget*> inside = parts();
    if (inside.isEmpty())
        return;
    QWidget* before = this;
    for (QWidget* part : inside) {
        part->setFocusPolicy(Qt::StrongFocus);
        setTabOrder(before, part);
        before = part;
    }
    inside.first()->setFocus(Qt::TabFocusReason);
    disconnect(m_inside);
    m_inside = connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) {
        if (now != nullptr && !isAncestorOf(now))
            leaveParts();
    });
}

/// Tab passes them by again.
void MessageView::leaveParts()
{
    disconnect(m_inside);
    for (QWidget* part : parts())
        part->setFocusPolicy(Qt::ClickFocus);
}

/// Escape in a part means that, not the reply that is being written.
bool MessageView::isBackToMessage(const QObject* watched, QEvent* event)
{
    const bool shortcut = event->type() == QEvent::ShortcutOverride;
    if ((!shortcut && event->type() != QEvent::KeyPress)
        || static_cast<QKeyEvent*>(event)->key() != Qt::Key_Escape)
        return false;
    bool part = false;
    for (const QWidget* each : parts())
        part = part || each == watched;
    if (part && shortcut) {
        event->accept();
    } else if (part) {
        leaveParts();
        setFocus(Qt::TabFocusReason);
    }
    return part;
}

void MessageView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy))
        copyText();
    else if (event->key() == Qt::Key_F2)
        edit();
    else if (event->matches(QKeySequence::Delete))
        Q_EMIT removeWanted(m_id);
    else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        enterParts();
    else
        QWidget::keyPressEvent(event);
}

} // namespace moe::chat
