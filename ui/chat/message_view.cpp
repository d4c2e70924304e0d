// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/message_view.h"

#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_segments.h"
#include "ui/chat/markdown_text.h"
#include "ui/chat/model_name.h"
#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

namespace moe::chat {

namespace {

constexpr qsizetype kMostShown = 100'000; ///< characters of a message, until all are asked for

} // namespace

using models::formatCount;
using models::formatFixed;
using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr double kFewSeconds = 0.1; ///< below it two decimals say too little

} // namespace

QString factsText(const chats::Message& message, const MessageContext& context)
{
    const chats::ReplyFacts& facts = message.facts;
    QStringList parts;
    if (context.live)
        parts += MessageView::tr("writing");
    if (context.elsewhere)
        parts += MessageView::tr("another window writes it");
    if (facts.tokens > 0)
        parts += MessageView::tr("%Ln token(s)", nullptr, static_cast<int>(facts.tokens));
    if (facts.tokensPerSecond > 0)
        parts += MessageView::tr("%1 tokens/s").arg(formatFixed(facts.tokensPerSecond, 1));
    if (facts.firstTokenSeconds >= kFewSeconds)
        parts += MessageView::tr("first token %1 s")
                     .arg(formatFixed(facts.firstTokenSeconds, 2))
                     .replace(QLatin1String(" s"), models::narrowSpace() + QLatin1Char('s'));
    else if (facts.firstTokenSeconds > 0)
        parts += MessageView::tr("first token %1 ms")
                     .arg(formatFixed(1000 * facts.firstTokenSeconds, 1))
                     .replace(QLatin1String(" ms"), models::narrowSpace() + QLatin1String("ms"));
    if (!context.live && !facts.finish.empty()) {
        parts += MessageView::tr("seed %1").arg(facts.seed);
        const QString why = facts.finish == "stop" ? MessageView::tr("stop")
            : facts.finish == "length"             ? MessageView::tr("length")
            : facts.finish == "cancelled"          ? MessageView::tr("stopped by you")
                                                   : MessageView::tr("failed");
        parts += MessageView::tr("finished: %1").arg(why);
    }
    if (context.cutOff)
        parts += MessageView::tr("cut off when the program ended");
    return parts.join(MessageView::tr(", ", "between figures"));
}

MessageView::MessageView(int64_t id, QWidget* parent)
    : QWidget(parent)
    , m_id(id)
    , m_facts(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text3, false, this))
    , m_place(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
{
    setObjectName(QStringLiteral("message"));
    setFocusPolicy(Qt::StrongFocus);
    m_facts->setFont(shell::numberFont(TextRole::Secondary));
    m_facts->setObjectName(QStringLiteral("replyFacts"));
    setAccessibleDescription(tr("Return goes to its links and its code, Escape comes back"));
    m_place->setFont(shell::numberFont(TextRole::Secondary));
    m_place->setAlignment(Qt::AlignCenter);
    m_place->setObjectName(QStringLiteral("branchPlace"));
    buildButtons();
}

void MessageView::buildButtons()
{
    const auto button = [this](const char* name, const char* icon, const QString& what) {
        QToolButton* made = shell::makeIconButton(QString::fromLatin1(icon), what, this);
        made->setObjectName(QString::fromLatin1(name));
        made->installEventFilter(this);
        return made;
    };
    m_previous = button("previousBranch", "chevron-left", tr("Previous branch"));
    m_next = button("nextBranch", "chevron-right", tr("Next branch"));
    m_experts = button("showExperts", "chevron-right", tr("Experts"));
    m_experts->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_experts->setText(tr("Experts"));
    m_experts->setMaximumWidth(QWIDGETSIZE_MAX);
    m_experts->setMinimumWidth(0);
    m_experts->setCheckable(true);
    m_regenerate = button("regenerate", "refresh", tr("Regenerate: another reply, as a branch"));
    m_goOn = button("goOn", "play", tr("Continue the reply"));
    m_copy = button("copyMessage", "copy", tr("Copy the message"));
    m_edit = button("editMessage", "edit", tr("Edit into a branch"));
    m_remove = button("removeMessage", "close", tr("Delete the message and what follows it"));
    connect(m_previous, &QToolButton::clicked, this, [this] { Q_EMIT branchWanted(m_id, -1); });
    connect(m_next, &QToolButton::clicked, this, [this] { Q_EMIT branchWanted(m_id, 1); });
    connect(m_experts, &QToolButton::clicked, this, [this](bool on) {
        setStripShown(on);
        Q_EMIT stripToggled(on);
    });
    connect(m_regenerate, &QToolButton::clicked, this, [this] { Q_EMIT regenerateWanted(m_id); });
    connect(m_goOn, &QToolButton::clicked, this, [this] { Q_EMIT goOnWanted(m_id); });
    connect(m_copy, &QToolButton::clicked, this, &MessageView::copyText);
    connect(m_edit, &QToolButton::clicked, this, &MessageView::edit);
    connect(m_remove, &QToolButton::clicked, this, [this] { Q_EMIT removeWanted(m_id); });
}

/// Of a message so long that laying it out would hold up the window, its beginning.
QString MessageView::shownPart()
{
    QString text = QString::fromStdString(m_message.text);
    const bool cut = text.size() > kMostShown && !m_wholeShown && !m_context.live;
    if (cut && m_showAll == nullptr) {
        m_showAll = new QPushButton(this);
        m_showAll->setObjectName(QStringLiteral("showAll"));
        shell::makeSmall(m_showAll);
        connect(m_showAll, &QPushButton::clicked, this, [this] {
            showAll();
            setFocus();
            Q_EMIT heightChanged();
        });
    }
    if (m_showAll != nullptr) {
        m_showAll->setText(tr("Show all %1 characters").arg(formatCount(text.size())));
        m_showAll->setVisible(cut && m_editor == nullptr);
    }
    if (!cut)
        return text;
    const qsizetype line = text.lastIndexOf(QLatin1Char('\n'), kMostShown);
    return text.left(line > kMostShown / 2 ? line : kMostShown);
}

void MessageView::showAll()
{
    m_wholeShown = true;
    setMessage(chats::Message(m_message), MessageContext(m_context));
}

void MessageView::setMessage(const chats::Message& message, const MessageContext& context)
{
    m_message = message;
    m_context = context;
    const QString text = shownPart();
    if (isUser())
        showSegments({{Segment::Kind::Text, text, {}}}, false);
    else
        showSegments(segmentsOf(text), context.live);
    m_facts->setText(isUser() ? QString() : factsText(message, context));
    m_facts->setVisible(!m_facts->text().isEmpty());
    if (!isUser()) {
        const chats::SamplingSettings& sampling = message.facts.sampling;
        m_facts->setToolTip(tr("Prompt %1 tokens, temperature %2, top-p %3, top-k %4, min-p %5, "
                               "repetition penalty %6, at most %7 tokens")
                                .arg(formatCount(message.facts.promptTokens))
                                .arg(sampling.temperature)
                                .arg(sampling.topP)
                                .arg(sampling.topK)
                                .arg(sampling.minP)
                                .arg(sampling.repetitionPenalty)
                                .arg(formatCount(sampling.maxTokens)));
    }
    const QString who = isUser() ? tr("You") : shownName(message.model);
    QString name = tr("%1: %2", "who: message").arg(who, text.left(400));
    if (!message.facts.error.empty())
        name += QLatin1Char('\n') + tr("Failed: %1").arg(errorText());
    setAccessibleName(name);
    updateButtons();
    update();
}

void MessageView::showSegments(const QList<Segment>& segments, bool live)
{
    for (qsizetype i = 0; i < segments.size(); ++i) {
        const Segment& segment = segments[i];
        const bool code = segment.kind == Segment::Kind::Code;
        if (i < m_segments.size() && code != (qobject_cast<CodeBlock*>(m_segments[i]) != nullptr))
            while (m_segments.size() > i)
                delete m_segments.takeLast();
        if (i >= m_segments.size()) {
            m_segments.append(
                code ? static_cast<QWidget*>(new CodeBlock(this)) : new MarkdownText(this));
            if (!code)
                m_segments.last()->setAccessibleName(tr("Text of the message"));
            watchKeys(*m_segments.last());
            m_segments.last()->setVisible(m_editor == nullptr);
        }
        if (auto* block = qobject_cast<CodeBlock*>(m_segments[i]))
            block->setCode(segment.text, segment.language);
        else if (isUser())
            static_cast<MarkdownText*>(m_segments[i])->setPlainSource(segment.text);
        else
            static_cast<MarkdownText*>(m_segments[i])
                ->setMarkdownSource(segment.text, live && i + 1 == segments.size(), segment.number);
    }
    while (m_segments.size() > segments.size())
        delete m_segments.takeLast();
    m_goesOn.clear();
    for (const Segment& segment : segments)
        m_goesOn += segment.goesOn;
    lineUpLists();
}

/// The pieces of a list that was cut leave the same room for its numbers.
void MessageView::lineUpLists()
{
    for (qsizetype end = m_segments.size(), begin = end; end > 0; end = begin) {
        int widest = 0;
        do {
            if (auto* text = qobject_cast<MarkdownText*>(m_segments[--begin]))
                widest = std::max(widest, text->widestNumber());
        } while (begin > 0 && m_goesOn[begin]);
        for (qsizetype i = begin; i < end; ++i) {
            if (auto* text = qobject_cast<MarkdownText*>(m_segments[i]))
                text->leaveRoomFor(widest);
        }
    }
}

void MessageView::updateButtons()
{
    // The focus stays where it is, so what holds it stays visible.
    const bool within
        = isAncestorOf(focusWidget()) && focusWidget() != nullptr && focusWidget()->hasFocus();
    const bool near = m_hovered || hasFocus() || within || (m_context.last && !isUser());
    const bool idle = m_editor == nullptr && !m_context.live && !m_context.elsewhere;
    const bool branches = m_context.siblings > 1 && idle;
    m_previous->setVisible(branches);
    m_next->setVisible(branches);
    m_place->setVisible(branches);
    m_previous->setEnabled(m_context.sibling > 0);
    m_next->setEnabled(m_context.sibling + 1 < m_context.siblings);
    m_place->setText(tr("%1 of %2").arg(m_context.sibling + 1).arg(m_context.siblings));
    const bool reply = !isUser();
    m_experts->setVisible(
        reply && m_editor == nullptr && (m_context.live || m_message.facts.tokens > 0));
    m_experts->setChecked(m_stripShown);
    m_experts->setIcon(shell::icon(
        m_stripShown ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
    m_regenerate->setVisible(reply && idle && near && m_context.canReply);
    m_goOn->setVisible(reply && idle && near && m_context.last && m_context.canReply
        && m_message.facts.finish != "stop");
    m_copy->setVisible(idle && near);
    m_edit->setVisible(idle && near);
    m_remove->setVisible(idle && near);
    if (m_keep != nullptr) {
        m_keep->setEnabled(m_context.editRefusal.isEmpty());
        m_keep->setToolTip(m_context.editRefusal);
    }
    if (m_strip != nullptr)
        m_strip->setVisible(m_stripShown && m_routing != nullptr && !m_routing->empty());
}

void MessageView::setStripShown(bool shown)
{
    if (shown == m_stripShown)
        return;
    m_stripShown = shown;
    if (shown && m_routing == nullptr)
        Q_EMIT routingWanted(m_id);
    else if (shown)
        setRouting(m_routing);
    updateButtons();
    Q_EMIT heightChanged();
}

void MessageView::setRouting(const chats::ReplyRouting* routing)
{
    m_routing = routing;
    if (m_stripShown && routing != nullptr && m_strip == nullptr) {
        m_strip = new ExpertStrip(this);
        connect(m_strip, &ExpertStrip::tokenHovered, this,
            [this](int column) { Q_EMIT tokenHovered(m_id, column); });
        connect(m_strip, &ExpertStrip::layerChosen, this, [this](int row) {
            Q_EMIT layerChosen(m_routing->layers.at(static_cast<size_t>(row)).layer);
        });
        m_strip->setRouting(routing, m_context.live);
        if (m_layer)
            m_strip->showLayer(*m_layer);
    } else if (m_strip != nullptr) {
        m_strip->setRouting(routing, m_context.live);
    }
    if (m_mark)
        markTokens();
    updateButtons();
}

void MessageView::showLayer(int64_t layer)
{
    m_layer = layer;
    if (m_strip != nullptr)
        m_strip->showLayer(layer);
}

bool MessageView::isBusy() const
{
    return m_editor != nullptr || hasFocus()
        || (QWidget::focusWidget() != nullptr && QWidget::focusWidget()->hasFocus());
}

void MessageView::copyText()
{
    QGuiApplication::clipboard()->setText(QString::fromStdString(m_message.text));
}

void MessageView::restyle()
{
    for (QWidget* segment : m_segments) {
        if (auto* code = qobject_cast<CodeBlock*>(segment))
            code->restyle();
        else
            static_cast<MarkdownText*>(segment)->restyle();
    }
    if (!m_tokens.empty() || !m_found.isEmpty())
        mark(shownTexts());
    m_facts->setFont(shell::numberFont(TextRole::Secondary));
    updateButtons();
    update();
}

void MessageView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    if (!m_context.heading.isEmpty()) {
        painter.setFont(shell::font(TextRole::Secondary));
        painter.setPen(theme().text3);
        painter.drawText(QRect(0, 0, width(), px(26)), Qt::AlignCenter, m_context.heading);
    }
    const QRect body(0, m_bodyTop, width(), m_bodyBottom - m_bodyTop);
    if (isUser()) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(theme().line);
        painter.setBrush(theme().alt);
        painter.drawRoundedRect(QRectF(body).adjusted(0.5, 0.5, -0.5, -0.5), px(4), px(4));
        painter.setRenderHint(QPainter::Antialiasing, false);
    } else {
        painter.setFont(shell::font(TextRole::Secondary, true));
        painter.setPen(theme().text);
        const QString name = shownName(m_message.model);
        painter.drawText(QRect(0, m_bodyTop, width(), px(18)), Qt::AlignLeft | Qt::AlignVCenter,
            name.isEmpty() ? tr("Assistant") : name);
    }
    if (!m_message.facts.error.empty()) {
        const int high = errorHeight(width());
        const QRect line(0, m_bodyBottom - high - px(2), width(), high);
        painter.fillRect(line, theme().errorBg);
        painter.fillRect(QRect(line.left(), line.top(), px(3), line.height()), theme().error);
        painter.setFont(shell::font(TextRole::Secondary));
        painter.setPen(theme().text);
        painter.drawText(wordsOfError(line), kErrorFlags, errorText());
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme().accent, 2));
    if (hasFocus()) {
        const QRectF ring = isUser() ? QRectF(body) : QRectF(body).adjusted(-1, 0, 1, 4);
        painter.drawRoundedRect(ring.adjusted(1, 1, -1, -1), px(4), px(4));
    }
    for (const QWidget* segment : m_segments) { // the part that was entered
        const QWidget* focus = QApplication::focusWidget();
        if (m_inside && (segment == focus || segment->isAncestorOf(focus)))
            painter.drawRoundedRect(
                QRectF(segment->geometry()).adjusted(-2, -2, 2, 2), px(4), px(4));
    }
}

void MessageView::enterEvent(QEnterEvent*)
{
    m_hovered = true;
    updateButtons();
    Q_EMIT heightChanged();
}

void MessageView::leaveEvent(QEvent*)
{
    m_hovered = false;
    updateButtons();
}

} // namespace moe::chat
