// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/conversation_panel.h"

#include "ui/chat/quiet_list.h"
#include "ui/shell/theme.h"
#include "ui/shell/title_bar.h"

#include <QAction>
#include <QDateTime>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QSet>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace moe::chat {

using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr int kSearchMilliseconds = 120; ///< typing goes on; the last query counts
enum Role { Conversation = Qt::UserRole, Message, Detail, Heading };

QDateTime timeOf(double seconds)
{
    return QDateTime::fromMSecsSinceEpoch(std::llround(seconds * 1000));
}

QString groupOf(const QDateTime& at)
{
    const auto days = at.date().daysTo(QDate::currentDate());
    return days <= 0 ? ConversationPanel::tr("Today")
        : days == 1  ? ConversationPanel::tr("Yesterday")
        : days <= 7  ? ConversationPanel::tr("Last week")
                     : ConversationPanel::tr("Earlier");
}

QString shortTime(const QDateTime& at)
{
    const auto days = at.date().daysTo(QDate::currentDate());
    return days <= 1 ? QLocale().toString(at.time(), QStringLiteral("HH:mm"))
                     : QLocale().toString(at.date(), ConversationPanel::tr("d MMM", "date"));
}

/// Title left, time right; hits have the place found in a second line; headings are quiet.
class RowDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const override
    {
        const bool hit = index.data(Message).toLongLong() != 0;
        return {px(100), px(hit ? 46 : 28)};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
        const QModelIndex& index) const override
    {
        const bool heading = index.data(Heading).toBool();
        const bool selected = option.state.testFlag(QStyle::State_Selected) && !heading;
        if (selected)
            painter->fillRect(option.rect, theme().sel);
        else if (option.state.testFlag(QStyle::State_MouseOver) && !heading)
            painter->fillRect(option.rect, theme().hover);
        QRect line = option.rect.adjusted(px(12), 0, -px(12), 0);
        const QString detail = index.data(Detail).toString();
        const bool hit = index.data(Message).toLongLong() != 0;
        if (hit) {
            painter->setFont(shell::font(TextRole::Secondary));
            painter->setPen(selected ? theme().selText : theme().text2);
            const QRect below(line.left(), line.top() + px(24), line.width(), px(18));
            painter->drawText(below, Qt::AlignLeft | Qt::AlignVCenter,
                painter->fontMetrics().elidedText(detail, Qt::ElideRight, below.width()));
            line.setHeight(px(26));
        } else {
            painter->setFont(shell::numberFont(TextRole::Secondary));
            painter->setPen(selected ? theme().selText : theme().text3);
            painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, detail);
            line.setRight(line.right() - painter->fontMetrics().horizontalAdvance(detail) - px(8));
        }
        painter->setFont(shell::font(heading ? TextRole::Secondary : TextRole::Body));
        painter->setPen(heading ? theme().text3 : selected ? theme().selText : theme().text);
        painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
            painter->fontMetrics().elidedText(
                index.data(Qt::DisplayRole).toString(), Qt::ElideRight, line.width()));
    }
};

} // namespace

ConversationPanel::ConversationPanel(shell::TitleBar& title, QWidget* parent)
    : QWidget(parent)
    , m_search(new QLineEdit(this))
    , m_list(new QuietList(this))
{
    m_search->setObjectName(QStringLiteral("conversationSearch"));
    m_search->setPlaceholderText(tr("Search all messages"));
    m_search->setAccessibleName(tr("Search all messages"));
    m_search->setToolTip(tr("Words, \"a phrase\", tag:NAME, folder:NAME"));
    m_search->addAction(shell::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    m_search->setClearButtonEnabled(true);
    m_list->setObjectName(QStringLiteral("conversationList"));
    m_list->setAccessibleName(tr("Conversations"));
    auto* delegate = new RowDelegate(m_list);
    m_list->setItemDelegate(delegate);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setMouseTracking(true);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setEditTriggers(QAbstractItemView::EditKeyPressed);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(px(6));
    auto* inset = new QVBoxLayout;
    inset->setContentsMargins(px(12), px(2), px(12), 0);
    inset->addWidget(m_search);
    column->addLayout(inset);
    column->addWidget(m_list, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);

    auto* wait = new QTimer(this);
    wait->setSingleShot(true);
    wait->setInterval(kSearchMilliseconds);
    connect(m_search, &QLineEdit::textChanged, wait, qOverload<>(&QTimer::start));
    connect(wait, &QTimer::timeout, this, [this] {
        if (m_search->text().trimmed().isEmpty())
            setHits({}, {});
        else
            Q_EMIT searchWanted(m_search->text());
    });
    const auto choose = [this](const QListWidgetItem* item) {
        if (!m_filling && !m_selecting && item != nullptr && !item->data(Heading).toBool())
            Q_EMIT chosen(item->data(Conversation).toLongLong(), item->data(Message).toLongLong());
    };
    connect(m_list, &QListWidget::currentItemChanged, this, choose);
    connect(m_list, &QListWidget::itemActivated, this, choose);
    connect(m_list, &QListWidget::itemChanged, this, [this](const QListWidgetItem* item) {
        if (!m_filling)
            rename(item->data(Conversation).toLongLong(), item->text().trimmed());
    });
    connect(
        delegate, &QAbstractItemDelegate::closeEditor, this,
        [this] {
            if (m_stale)
                show();
        },
        Qt::QueuedConnection); // it is still open while it says so
    connect(m_list, &QListWidget::customContextMenuRequested, this, &ConversationPanel::showMenu);
    QMenu* menu = title.menu();
    connect(menu, &QMenu::aboutToShow, this, [this] { m_list->setFocus(); });
    connect(
        menu->addAction(tr("Search")), &QAction::triggered, this, &ConversationPanel::focusSearch);
}

void ConversationPanel::setConversations(std::vector<chats::ConversationInfo> infos)
{
    m_infos = std::move(infos);
    show();
}

void ConversationPanel::setCurrent(qint64 conversation)
{
    m_current = conversation;
    selectCurrent();
}

/// Hits stay as they are: they are walked through.
void ConversationPanel::selectCurrent()
{
    if (!m_query.isEmpty())
        return;
    m_selecting = true;
    QListWidgetItem* current = nullptr;
    for (int row = 0; row < m_list->count() && current == nullptr; ++row) {
        QListWidgetItem* item = m_list->item(row);
        if (m_current != 0 && item->data(Conversation).toLongLong() == m_current)
            current = item;
    }
    m_list->setCurrentItem(current);
    m_selecting = false;
}

void ConversationPanel::rename(qint64 conversation, const QString& title)
{
    const auto found = std::ranges::find(m_infos, conversation, &chats::ConversationInfo::id);
    if (title.isEmpty() || found == m_infos.end()) {
        m_stale = true; // the old title again
        return;
    }
    found->title = title.toStdString();
    Q_EMIT renamed(conversation, title);
}

void ConversationPanel::setHits(const QString& query, std::vector<chats::SearchHit> hits)
{
    if (query.trimmed() != m_search->text().trimmed())
        return; // the answer to what is asked no more
    m_query = query;
    m_hits = std::move(hits);
    show();
}

QListWidgetItem* ConversationPanel::addHeading(const QString& text)
{
    auto* item = new QListWidgetItem(text, m_list);
    item->setData(Heading, true);
    item->setFlags(Qt::NoItemFlags);
    return item;
}

void ConversationPanel::show()
{
    m_stale = m_list->isEditing();
    if (m_stale)
        return;
    m_filling = true;
    const QListWidgetItem* before = m_query.isEmpty() ? nullptr : m_list->currentItem();
    const std::pair<qint64, qint64> walked = before != nullptr
        ? std::pair(before->data(Conversation).toLongLong(), before->data(Message).toLongLong())
        : std::pair<qint64, qint64>();
    m_list->clear();
    const auto add
        = [&](const QString& title, qint64 conversation, qint64 message, const QString& detail) {
              auto* item = new QListWidgetItem(title, m_list);
              item->setData(Conversation, conversation);
              item->setData(Message, message);
              item->setData(Detail, detail);
              item->setToolTip(title);
              if (message == 0)
                  item->setFlags(item->flags() | Qt::ItemIsEditable);
              if (m_query.isEmpty() ? conversation == m_current
                                    : std::pair(conversation, message) == walked)
                  m_list->setCurrentItem(item);
          };
    if (!m_query.isEmpty()) {
        addHeading(m_hits.empty()
                ? tr("Nothing found")
                : tr("%n place(s) found", nullptr, static_cast<int>(m_hits.size())));
        for (const chats::SearchHit& hit : m_hits)
            add(QString::fromStdString(hit.title), hit.conversation, hit.message,
                QString::fromStdString(hit.excerpt));
    } else {
        // folders first, each under its name, then the rest by day
        QSet<QString> folders;
        for (const chats::ConversationInfo& info : m_infos) {
            if (!info.folder.empty())
                folders.insert(QString::fromStdString(info.folder));
        }
        QStringList names(folders.begin(), folders.end());
        names.sort(Qt::CaseInsensitive);
        for (const QString& name : names) {
            addHeading(name);
            for (const chats::ConversationInfo& info : m_infos) {
                if (QString::fromStdString(info.folder) == name)
                    add(QString::fromStdString(info.title), info.id, 0,
                        shortTime(timeOf(info.updated)));
            }
        }
        QString group;
        for (const chats::ConversationInfo& info : m_infos) {
            if (!info.folder.empty())
                continue;
            const QDateTime at = timeOf(info.updated);
            if (const QString its = groupOf(at); its != group) {
                group = its;
                addHeading(group);
            }
            add(QString::fromStdString(info.title), info.id, 0, shortTime(at));
        }
    }
    m_filling = false;
}

void ConversationPanel::focusSearch()
{
    m_search->setFocus();
    m_search->selectAll();
}

void ConversationPanel::renameCurrent()
{
    if (QListWidgetItem* item = m_list->currentItem())
        m_list->editItem(item);
}

void ConversationPanel::showMenu(const QPoint& at)
{
    const QListWidgetItem* item = m_list->itemAt(at);
    if (item == nullptr || item->data(Heading).toBool())
        return;
    const qint64 id = item->data(Conversation).toLongLong();
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("conversationMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto add = [this, menu](const QString& text, auto run) {
        connect(menu->addAction(text), &QAction::triggered, this, run);
    };
    if (item->data(Message).toLongLong() == 0)
        add(tr("Rename"), [this] { renameCurrent(); });
    add(tr("Folder…"), [this, id] { Q_EMIT folderWanted(id); });
    add(tr("Tags…"), [this, id] { Q_EMIT tagsWanted(id); });
    add(tr("Duplicate"), [this, id] { Q_EMIT duplicateWanted(id); });
    menu->addSeparator();
    add(tr("Export as Markdown…"), [this, id] { Q_EMIT exportWanted(id, QStringLiteral(".md")); });
    add(tr("Export as JSON…"), [this, id] { Q_EMIT exportWanted(id, QStringLiteral(".json")); });
    menu->addSeparator();
    add(tr("Delete"), [this, id] { Q_EMIT removeWanted(id); });
    menu->popup(m_list->viewport()->mapToGlobal(at));
}

} // namespace moe::chat
