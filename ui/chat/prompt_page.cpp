// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/prompt_page.h"

#include "ui/chat/code_block.h"
#include "ui/chat/plain_table.h"
#include "ui/chat/token_table.h"
#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <QHeaderView>
#include <QHelpEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QTableView>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>

namespace moe::chat {

using models::formatCount;
using shell::px;
using shell::TextRole;

PromptPage::PromptPage(QWidget* parent)
    : QWidget(parent)
    , m_sum(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_text(new QPlainTextEdit(this))
    , m_model(new TokenTableModel(this))
    , m_table(makePlainTable("promptTokens", tr("Tokens of the prompt"), m_model, this))
{
    m_sum->setObjectName(QStringLiteral("promptSum"));
    m_sum->setWordWrap(true);
    m_sum->setContentsMargins(px(12), 0, px(12), 0);
    m_text->setObjectName(QStringLiteral("promptText"));
    m_text->setAccessibleName(tr("Prompt as the model reads it"));
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setFont(codeFont());
    m_text->document()->setDocumentMargin(px(12));
    m_text->viewport()->installEventFilter(this);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    QHeaderView* header = m_table->horizontalHeader();
    header->resizeSection(TokenTableModel::Place, px(56));
    header->resizeSection(TokenTableModel::Id, px(72));
    header->setStretchLastSection(true);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->setObjectName(QStringLiteral("promptSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_text);
    splitter->addWidget(m_table);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(px(6));
    column->addWidget(m_sum);
    column->addWidget(splitter, 1);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& row) { mark(row.isValid() ? row.row() : -1); });
    connect(m_text, &QPlainTextEdit::cursorPositionChanged, this, [this] {
        if (!m_text->hasFocus())
            return;
        const int token = tokenAt(m_text->textCursor().position());
        if (token >= 0)
            m_table->selectRow(token);
    });
}

void PromptPage::setPreview(const session::PromptPreview& preview)
{
    if (!preview.error.empty())
        return setNone(QString::fromStdString(preview.error));
    const QString text = QString::fromStdString(preview.text);
    if (!m_tokens.empty() && text == m_text->toPlainText())
        return; // what is chosen stays chosen
    m_tokens = preview.tokens;
    m_places = tokenPlaces(preview.text, m_tokens);
    m_sum->setText(tr("%Ln token(s), %1 characters", nullptr, static_cast<int>(m_tokens.size()))
                       .arg(formatCount(text.size())));
    m_text->setPlainText(text);
    m_model->setTokens(preview.tokens);
    mark(-1);
    m_table->scrollToBottom(); // what is being typed stands there
}

void PromptPage::setNone(const QString& why)
{
    m_sum->setText(why);
    m_tokens.clear();
    m_places.clear();
    m_text->clear();
    m_model->setTokens({});
}

int PromptPage::tokenAt(int position) const
{
    const auto next = std::ranges::upper_bound(m_places, position);
    const auto token = static_cast<int>(next - m_places.begin()) - 1;
    return token < static_cast<int>(m_tokens.size()) ? token : -1;
}

void PromptPage::mark(int token)
{
    QList<QTextEdit::ExtraSelection> marks;
    if (token >= 0 && !m_places.empty()) {
        QTextEdit::ExtraSelection one;
        one.cursor = QTextCursor(m_text->document());
        one.cursor.setPosition(m_places[static_cast<size_t>(token)]);
        one.cursor.setPosition(m_places[static_cast<size_t>(token) + 1], QTextCursor::KeepAnchor);
        one.format.setBackground(shell::theme().sel);
        one.format.setForeground(shell::theme().selText);
        marks.append(one);
        if (!m_text->hasFocus()) { // then it was chosen here
            QTextCursor at(m_text->document());
            at.setPosition(m_places[static_cast<size_t>(token)]);
            m_text->setTextCursor(at);
        }
    }
    m_text->setExtraSelections(marks);
}

QString PromptPage::describe(int token) const
{
    const session::PromptToken& one = m_tokens[static_cast<size_t>(token)];
    return tr("token %1, id %2: %3", "place, id, text")
        .arg(formatCount(token), QString::number(one.id), tokenText(one.bytes));
}

void PromptPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    Q_EMIT shown();
}

bool PromptPage::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::eventFilter(watched, event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int token = tokenAt(m_text->cursorForPosition(help->pos()).position());
    if (token >= 0)
        QToolTip::showText(help->globalPos(), describe(token), m_text);
    else
        QToolTip::hideText();
    return true;
}

} // namespace moe::chat
