// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/message_bar.h"

#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

namespace moe::shell {

namespace {

QColor groundOf(MessageBar::Level level)
{
    switch (level) {
    case MessageBar::Level::Info:
        return theme().infoBg;
    case MessageBar::Level::Warning:
        return theme().warnBg;
    case MessageBar::Level::Error:
        return theme().errorBg;
    }
    return theme().infoBg;
}

QColor inkOf(MessageBar::Level level)
{
    switch (level) {
    case MessageBar::Level::Info:
        return theme().accent;
    case MessageBar::Level::Warning:
        return theme().warn;
    case MessageBar::Level::Error:
        return theme().error;
    }
    return theme().accent;
}

QString iconOf(MessageBar::Level level)
{
    switch (level) {
    case MessageBar::Level::Info:
        return QStringLiteral("info");
    case MessageBar::Level::Warning:
        return QStringLiteral("warning");
    case MessageBar::Level::Error:
        return QStringLiteral("error");
    }
    return {};
}

} // namespace

/// Bold fact and remedy on one line; what does not fit is cut with "…" and stands in the tooltip.
class MessageText : public QWidget {
public:
    using QWidget::QWidget;
    QString fact, remedy;

    QSize sizeHint() const override { return {px(200), px(22)}; }
    QSize minimumSizeHint() const override { return {px(80), px(22)}; }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setPen(theme().text);
        const QFont bold = shell::font(TextRole::Body, true);
        const QFont plain = shell::font(TextRole::Body);
        painter.setFont(bold);
        const QString head = painter.fontMetrics().elidedText(fact, Qt::ElideRight, width());
        painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeft, head);
        const int used = painter.fontMetrics().horizontalAdvance(head + QLatin1Char(' '));
        painter.setFont(plain);
        const QString rest
            = painter.fontMetrics().elidedText(remedy, Qt::ElideRight, std::max(0, width() - used));
        painter.drawText(rect().adjusted(used, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, rest);
    }
};

struct MessageBar::Parts {
    QLabel* icon;
    MessageText* text;
    QLabel* more; ///< "1 more" when others wait below
    QPushButton* button;
    QToolButton* close;
};

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent)
    , m_parts(new Parts)
{
    setObjectName(QStringLiteral("messageBar"));
    setFixedHeight(px(32) + 1);
    m_parts->icon = new QLabel(this);
    m_parts->text = new MessageText(this);
    m_parts->more = makeLabel({}, TextRole::Secondary, &Theme::text2, false, this);
    m_parts->button = new QPushButton(this);
    makeSmall(m_parts->button);
    m_parts->close = makeIconButton(QStringLiteral("close"), tr("Close message"), this);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(12), 0, px(8), 1);
    row->setSpacing(px(10));
    row->addWidget(m_parts->icon);
    row->addWidget(m_parts->text, 1);
    row->addWidget(m_parts->more);
    row->addWidget(m_parts->button);
    row->addWidget(m_parts->close);
    connect(m_parts->close, &QToolButton::clicked, this, [this] {
        if (const QList<Message> messages = shown(); !messages.isEmpty())
            dismiss(messages.last().id);
    });
    connect(m_parts->button, &QPushButton::clicked, this, [this] {
        const QList<Message> messages = shown(); // the action may dismiss its own message
        if (!messages.isEmpty() && messages.last().action)
            messages.last().action();
    });
    connect(&ThemeSource::instance(), &ThemeSource::changed, this, [this] { rebuild(); });
    rebuild();
}

MessageBar::~MessageBar()
{
    delete m_parts;
}

void MessageBar::show(const Message& message)
{
    m_messages.removeIf([&message](const Message& old) { return old.id == message.id; });
    m_messages.append(message);
    rebuild();
    Q_EMIT countChanged();
}

void MessageBar::dismiss(const QString& id)
{
    if (m_messages.removeIf([&id](const Message& old) { return old.id == id; }) == 0)
        return;
    rebuild();
    Q_EMIT countChanged();
}

void MessageBar::setBesideWorkspace(bool beside)
{
    m_besideWorkspace = beside;
    rebuild();
}

QList<MessageBar::Message> MessageBar::shown() const
{
    QList<Message> messages = m_messages;
    if (!m_besideWorkspace)
        messages.removeIf([](const Message& message) { return !message.everywhere; });
    return messages;
}

int MessageBar::warnings() const
{
    return static_cast<int>(std::count_if(m_messages.begin(), m_messages.end(),
        [](const Message& message) { return message.level != Level::Info; }));
}

QString MessageBar::text() const
{
    const QList<Message> messages = shown();
    if (messages.isEmpty())
        return {};
    const Message& top = messages.last();
    return top.remedy.isEmpty() ? top.fact : top.fact + QLatin1Char(' ') + top.remedy;
}

void MessageBar::rebuild()
{
    const QList<Message> messages = shown();
    setVisible(!messages.isEmpty());
    if (messages.isEmpty())
        return;
    const Message& top = messages.last();
    const int side = px(16);
    m_parts->icon->setPixmap(
        iconPixmap(iconOf(top.level), inkOf(top.level), side, devicePixelRatioF()));
    m_parts->text->fact = top.fact;
    m_parts->text->remedy = top.remedy;
    m_parts->text->setToolTip(text());
    m_parts->text->setAccessibleName(text());
    m_parts->text->update();
    m_parts->more->setText(tr("%n more", nullptr, static_cast<int>(messages.size()) - 1));
    m_parts->more->setVisible(messages.size() > 1);
    m_parts->button->setText(top.actionText);
    m_parts->button->setVisible(!top.actionText.isEmpty());
    setAccessibleName(text());
    update();
}

void MessageBar::paintEvent(QPaintEvent*)
{
    const QList<Message> messages = shown();
    if (messages.isEmpty())
        return;
    QPainter painter(this);
    painter.fillRect(rect(), groundOf(messages.last().level));
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme().line);
}

} // namespace moe::shell
