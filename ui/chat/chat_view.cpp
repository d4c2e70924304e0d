// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_view.h"

#include "ui/shell/recent.h"
#include "ui/shell/theme.h"

#include <QDateTime>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QScopedValueRollback>
#include <QScrollBar>

#include <algorithm>
#include <cmath>
#include <utility>

namespace moe::chat {

using shell::px;
using shell::theme;

namespace {

constexpr double kPauseSeconds = 3 * 3600; ///< after which a message says when it came

QString headingOf(double created)
{
    const QDateTime at = QDateTime::fromMSecsSinceEpoch(std::llround(created * 1000));
    const QString time = QLocale().toString(at.time(), QStringLiteral("HH:mm"));
    const auto days = at.date().daysTo(QDate::currentDate());
    if (days == 0)
        return ChatView::tr("Today, %1").arg(time);
    if (days == 1)
        return ChatView::tr("Yesterday, %1").arg(time);
    return QLocale().toString(at.date(), QLocale::LongFormat) + ChatView::tr(", ", "date, time")
        + time;
}

} // namespace

ChatView::ChatView(QWidget* parent)
    : QAbstractScrollArea(parent)
{
    setObjectName(QStringLiteral("chatView"));
    setAccessibleName(tr("Conversation"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setBackgroundRole(QPalette::Base);
    viewport()->setAutoFillBackground(true);
    verticalScrollBar()->setSingleStep(px(40));
}

ChatView::~ChatView()
{
    for (const auto& [id, view] : m_views) { // while what they speak to is whole
        view->disconnect(this);
        delete view;
    }
}

void ChatView::setSources(const chats::Conversation* conversation,
    std::function<const chats::ReplyRouting*(int64_t message)> routingOf, const int64_t* leaf)
{
    m_conversation = conversation;
    m_leaf = leaf != nullptr || conversation == nullptr ? leaf : &conversation->leaf;
    m_routingOf = std::move(routingOf);
}

std::optional<size_t> ChatView::rowOf(int64_t id) const
{
    const auto at = std::ranges::find(m_path, id);
    return at == m_path.end() ? std::nullopt
                              : std::optional(static_cast<size_t>(at - m_path.begin()));
}

void ChatView::clear()
{
    m_strips.clear();
    m_layer.reset();
    m_mark.reset();
    m_find.counts.clear();
    m_find.message = 0;
    m_path.clear();
    m_heights.clear();
    for (const auto& [id, view] : std::exchange(m_views, {})) {
        view->setRouting(nullptr); // hiding says that the mouse left it
        view->hide();
        view->deleteLater();
    }
}

void ChatView::openConversation()
{
    clear();
    m_follow = true;
    pathChanged();
}

void ChatView::pathChanged()
{
    std::map<int64_t, int> known;
    for (size_t row = 0; row < m_path.size(); ++row)
        known[m_path[row]] = m_heights[row];
    m_path = m_conversation != nullptr ? m_conversation->path(*m_leaf) : std::vector<int64_t>();
    m_heights.clear();
    for (const int64_t id : m_path) {
        const auto height = known.find(id);
        m_heights.push_back(
            height != known.end() ? height->second : guess(*m_conversation->find(id)));
    }
    dropViews();
    if (!rowOf(m_find.message))
        m_find.message = 0;
    countFound();
    for (const auto& [id, view] : m_views)
        fill(*view, *rowOf(id));
    layOut();
    viewport()->update();
    Q_EMIT findChanged();
}

/// Of messages that are not on the path any more.
void ChatView::dropViews()
{
    const QScopedValueRollback laying(m_laying, true);
    for (auto it = m_views.begin(); it != m_views.end();) {
        if (rowOf(it->first)) {
            ++it;
            continue;
        }
        if (it->second->hasFocus() || it->second->isAncestorOf(window()->focusWidget()))
            setFocus(); // stays in this transcript
        it->second->hide();
        it->second->deleteLater();
        it = m_views.erase(it);
    }
}

MessageContext ChatView::contextOf(size_t row) const
{
    const chats::Message& message = *m_conversation->find(m_path[row]);
    MessageContext context;
    const std::vector<int64_t> siblings = m_conversation->siblings(message.id);
    context.siblings = static_cast<int>(siblings.size());
    context.sibling = static_cast<int>(std::ranges::find(siblings, message.id) - siblings.begin());
    context.last = row + 1 == m_path.size();
    context.live = m_live.contains(message.id);
    context.elsewhere = !context.live && chats::isWrittenElsewhere(message);
    context.cutOff
        = !context.live && !context.elsewhere && message.state == chats::MessageState::Streaming;
    context.canReply = m_canReply;
    context.editRefusal = m_editRefusal;
    const double before = row == 0 ? 0 : m_conversation->find(m_path[row - 1])->created;
    if (message.created - before > kPauseSeconds)
        context.heading = headingOf(message.created);
    return context;
}

void ChatView::fill(MessageView& view, size_t row)
{
    // Layouts throw views away: the caller's, when it has filled all that it goes through.
    const QScopedValueRollback laying(m_laying, true);
    const chats::Message& message = *m_conversation->find(m_path[row]);
    view.setMessage(message, contextOf(row));
    if (message.role != chats::Role::User) {
        view.setMark(markOf(message.id));
        view.setRouting(m_routingOf ? m_routingOf(message.id) : nullptr);
        const bool has = message.facts.tokens > 0 || m_live.contains(message.id);
        view.setStripShown(has && stripShownByDefault(row));
    }
    markFound(view, row);
}

MessageView* ChatView::make(size_t row)
{
    const int64_t id = m_path[row];
    if (const auto found = m_views.find(id); found != m_views.end())
        return found->second;
    auto* view = new MessageView(id, viewport());
    m_views[id] = view;
    connect(view, &MessageView::heightChanged, this, [this] { layOut(); });
    connect(
        view, &MessageView::stripToggled, this, [this, id](bool shown) { m_strips[id] = shown; });
    connect(view, &MessageView::routingWanted, this, &ChatView::routingWanted);
    connect(view, &MessageView::tokenHovered, this, &ChatView::tokenHovered);
    connect(view, &MessageView::layerChosen, this, &ChatView::layerChosen);
    connect(view, &MessageView::branchWanted, this, &ChatView::branchWanted);
    connect(view, &MessageView::regenerateWanted, this, &ChatView::regenerateWanted);
    connect(view, &MessageView::goOnWanted, this, &ChatView::goOnWanted);
    connect(view, &MessageView::removeWanted, this, &ChatView::removeWanted);
    connect(view, &MessageView::edited, this, &ChatView::edited);
    if (m_layer)
        view->showLayer(*m_layer);
    connect(view, &MessageView::editTyped, this, &ChatView::editTyped);
    connect(view, &MessageView::editEnded, this, &ChatView::editEnded);
    connect(view, &MessageView::editRefused, this, &ChatView::editRefused);
    fill(*view, row);
    if (const std::string* typed = m_editOf ? m_editOf(id) : nullptr)
        view->openEditor(QString::fromStdString(*typed));
    view->show();
    return view;
}

void ChatView::messageChanged(int64_t id)
{
    const auto row = rowOf(id);
    if (!row)
        return;
    if (const auto view = m_views.find(id); view != m_views.end()) {
        fill(*view->second, *row);
        layOut();
    } else if (!m_find.counts.empty()) {
        countFound(*row);
        Q_EMIT findChanged();
    }
}

void ChatView::setLive(std::set<int64_t> messages)
{
    m_live = std::move(messages);
    for (const auto& [id, view] : m_views)
        fill(*view, *rowOf(id));
    layOut();
}

void ChatView::setCanReply(bool can)
{
    if (can == m_canReply)
        return;
    m_canReply = can;
    for (const auto& [id, view] : m_views)
        fill(*view, *rowOf(id));
    layOut();
}

void ChatView::setEdits(std::function<const std::string*(int64_t)> editOf)
{
    m_editOf = std::move(editOf);
}

void ChatView::setEditRefusal(const QString& reason)
{
    if (std::exchange(m_editRefusal, reason) == reason)
        return;
    for (const auto& [id, view] : m_views)
        fill(*view, *rowOf(id));
    layOut();
}

void ChatView::setEmptyText(const QString& text)
{
    m_emptyText = text;
    viewport()->update();
}

MessageView* ChatView::view(int64_t id) const
{
    const auto found = m_views.find(id);
    return found == m_views.end() ? nullptr : found->second;
}

void ChatView::edit(int64_t id)
{
    if (view(id) == nullptr)
        scrollToMessage(id);
    if (MessageView* shown = view(id))
        shown->edit();
}

void ChatView::restyle()
{
    for (const auto& [id, view] : m_views)
        view->restyle();
    layOut();
    viewport()->update();
}

void ChatView::resizeEvent(QResizeEvent*)
{
    layOut();
}

void ChatView::scrollContentsBy(int, int)
{
    if (m_laying)
        return;
    m_follow = isAtEnd();
    layOut();
}

void ChatView::paintEvent(QPaintEvent*)
{
    if (!m_path.empty() || m_emptyText.isEmpty())
        return;
    QPainter painter(viewport());
    painter.setFont(shell::font(shell::TextRole::Body));
    painter.setPen(theme().text2);
    const int left = (viewport()->width() - columnWidth()) / 2;
    painter.drawText(QRect(left, px(24), columnWidth(), viewport()->height()),
        Qt::AlignTop | Qt::AlignLeft | Qt::TextWordWrap, m_emptyText);
}

void ChatView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Home:
        verticalScrollBar()->setValue(0);
        return;
    case Qt::Key_End:
        scrollToEnd();
        return;
    default:
        QAbstractScrollArea::keyPressEvent(event);
    }
}

bool ChatView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::LayoutRequest)
        return true; // messages are placed by hand
    return QAbstractScrollArea::viewportEvent(event);
}

} // namespace moe::chat
