// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/message_view.h"
#include "ui/shell/theme.h"

#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QPushButton>

namespace moe::chat {

using shell::TextRole;

void MessageView::edit()
{
    if (m_editor == nullptr)
        openEditor(QString::fromStdString(m_message.text));
    if (m_editor != nullptr)
        m_editor->setFocus();
}

void MessageView::openEditor(const QString& text)
{
    if (m_editor != nullptr || m_context.live)
        return;
    m_editor = new QPlainTextEdit(text, this);
    m_editor->setObjectName(QStringLiteral("messageEditor"));
    m_editor->setAccessibleName(tr("Edited message"));
    m_editor->setFont(shell::font(TextRole::Chat));
    m_editor->setTabChangesFocus(true);
    m_keep = new QPushButton(isUser() ? tr("Send") : tr("Keep as a branch"), this);
    m_keep->setObjectName(QStringLiteral("keepEdit"));
    m_cancel = new QPushButton(tr("Cancel"), this);
    m_cancel->setObjectName(QStringLiteral("cancelEdit"));
    for (QPushButton* button : {m_keep, m_cancel})
        shell::makeSmall(button);
    connect(m_editor, &QPlainTextEdit::textChanged, this,
        [this] { Q_EMIT editTyped(m_id, m_editor->toPlainText()); });
    connect(m_keep, &QPushButton::clicked, this, [this] { finishEditing(true); });
    connect(m_cancel, &QPushButton::clicked, this, [this] { finishEditing(false); });
    for (QWidget* widget : std::initializer_list<QWidget*>{m_editor, m_keep, m_cancel}) {
        widget->installEventFilter(this);
        widget->show();
    }
    for (QWidget* segment : m_segments)
        segment->hide();
    if (m_showAll != nullptr)
        m_showAll->hide();
    m_editor->moveCursor(QTextCursor::End);
    updateButtons();
    Q_EMIT heightChanged();
}

void MessageView::finishEditing(bool keep)
{
    if (m_editor == nullptr)
        return;
    if (keep && !m_context.editRefusal.isEmpty()) { // what was typed stays where it is
        Q_EMIT editRefused();
        return;
    }
    const QString text = m_editor->toPlainText();
    for (QWidget* widget : std::initializer_list<QWidget*>{m_editor, m_keep, m_cancel}) {
        widget->hide();
        widget->deleteLater();
    }
    m_editor = nullptr;
    m_keep = m_cancel = nullptr;
    for (QWidget* segment : m_segments)
        segment->show();
    shownPart(); // and the way to the rest of it
    Q_EMIT editEnded(m_id);
    updateButtons();
    setFocus();
    Q_EMIT heightChanged();
    if (keep && !text.trimmed().isEmpty())
        Q_EMIT edited(m_id, text);
}

bool MessageView::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) {
        updateButtons();
        update();
        Q_EMIT heightChanged();
    }
    if (isBackToMessage(watched, event))
        return true;
    const bool editing = watched == m_editor || watched == m_keep || watched == m_cancel;
    const bool shortcut = event->type() == QEvent::ShortcutOverride;
    if (m_editor == nullptr || !editing || (!shortcut && event->type() != QEvent::KeyPress))
        return QWidget::eventFilter(watched, event);
    auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Escape) { // means the edit, not the reply that is being written
        if (shortcut)
            event->accept();
        else
            finishEditing(false);
        return true;
    }
    const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (watched == m_editor && !shortcut && enter
        && !key->modifiers().testFlag(Qt::ShiftModifier)) {
        finishEditing(true);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace moe::chat
