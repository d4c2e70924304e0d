// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/find_bar.h"

#include "ui/chat/chat_view.h"
#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QToolButton>

namespace moe::chat {

using shell::px;

FindBar::FindBar(QWidget* parent)
    : QFrame(parent)
    , m_field(new QLineEdit(this))
    , m_place(shell::makeLabel({}, shell::TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_previous(shell::makeIconButton(
          QStringLiteral("chevron-up"), tr("Previous place (Shift+Enter)"), this))
    , m_next(shell::makeIconButton(QStringLiteral("chevron-down"), tr("Next place (Enter)"), this))
{
    setObjectName(QStringLiteral("findBar"));
    m_field->setObjectName(QStringLiteral("findField"));
    m_field->setPlaceholderText(tr("Find in the conversation"));
    m_field->setAccessibleName(tr("Find in the conversation"));
    m_field->addAction(shell::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    m_field->setClearButtonEnabled(true);
    m_field->setFixedWidth(px(280));
    m_field->installEventFilter(this);
    m_place->setObjectName(QStringLiteral("findPlace"));
    m_place->setFont(shell::numberFont(shell::TextRole::Secondary));
    m_previous->setObjectName(QStringLiteral("findPrevious"));
    m_next->setObjectName(QStringLiteral("findNext"));
    auto* closing = shell::makeIconButton(QStringLiteral("close"), tr("Close (Esc)"), this);
    closing->setObjectName(QStringLiteral("findClose"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(24), 0, px(12), 1);
    row->setSpacing(px(4));
    row->addWidget(m_field);
    row->addWidget(m_previous);
    row->addWidget(m_next);
    row->addSpacing(px(8));
    row->addWidget(m_place, 1);
    row->addWidget(closing);
    setFixedHeight(px(36));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    connect(m_field, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (m_view)
            m_view->setFind(text);
    });
    connect(m_previous, &QToolButton::clicked, this, [this] { findNext(false); });
    connect(m_next, &QToolButton::clicked, this, [this] { findNext(true); });
    connect(closing, &QToolButton::clicked, this, &FindBar::dismiss);
    hide();
}

void FindBar::open(ChatView& view)
{
    if (QWidget* focus = QApplication::focusWidget(); focus != nullptr && !isAncestorOf(focus))
        m_before = focus;
    if (m_view != &view) {
        if (m_view) {
            m_view->disconnect(this);
            m_view->setFind({});
        }
        m_view = &view;
        connect(&view, &ChatView::findChanged, this, &FindBar::showPlace);
        view.setFind(m_field->text());
    }
    showPlace();
    show();
    m_field->setFocus(Qt::ShortcutFocusReason);
    m_field->selectAll();
}

void FindBar::dismiss()
{
    const bool held = isAncestorOf(QApplication::focusWidget());
    QWidget* next = m_before && m_before->isVisible() ? m_before.data() : m_view.data();
    if (m_view) {
        m_view->disconnect(this);
        m_view->setFind({});
    }
    m_view = nullptr;
    if (held && next != nullptr)
        next->setFocus(Qt::OtherFocusReason);
    hide();
}

const ChatView* FindBar::view() const
{
    return m_view;
}

void FindBar::findNext(bool forward)
{
    if (m_view)
        m_view->findNext(forward);
}

void FindBar::showPlace()
{
    const FindPlace place = m_view->findPlace();
    const bool none = place.of == 0;
    m_place->setText(m_field->text().isEmpty() ? QString()
            : none
            ? tr("Nothing found")
            : tr("%1 of %2").arg(models::formatCount(place.at), models::formatCount(place.of)));
    m_field->setAccessibleDescription(m_place->text());
    m_previous->setEnabled(!none);
    m_next->setEnabled(!none);
}

bool FindBar::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride
        && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept(); // means the bar, not the reply that is being written
        return true;
    }
    return QFrame::event(event);
}

bool FindBar::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            findNext(!key->modifiers().testFlag(Qt::ShiftModifier));
            return true;
        }
    }
    return QFrame::eventFilter(watched, event);
}

void FindBar::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        dismiss();
    else
        QFrame::keyPressEvent(event);
}

void FindBar::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(QRect(0, height() - 1, width(), 1), shell::theme().line);
}

} // namespace moe::chat
