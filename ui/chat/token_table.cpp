// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/token_table.h"

#include "ui/chat/expert_strip.h"
#include "ui/models/format.h"
#include "ui/shell/theme.h"

namespace moe::chat {

void TokenTableModel::setTokens(std::vector<session::PromptToken> tokens)
{
    beginResetModel();
    m_tokens = std::move(tokens);
    endResetModel();
}

int TokenTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_tokens.size());
}

int TokenTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant TokenTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const session::PromptToken& token = m_tokens[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        if (index.column() == Place)
            return models::formatCount(index.row());
        return index.column() == Id ? QString::number(token.id) : tokenText(token.bytes);
    case Qt::ToolTipRole:
        return token.special ? tr("Special token %1").arg(token.id) : QVariant();
    case Qt::ForegroundRole:
        if (index.column() == Text && token.special)
            return shell::theme().accent;
        return index.column() == Place ? QVariant(shell::theme().text3) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            (index.column() == Text ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant TokenTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (section == Text ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Place:
        return tr("Place");
    case Id:
        return tr("Id");
    default:
        return tr("Text");
    }
}

QString tokenText(const std::string& bytes)
{
    const QString text = QString::fromStdString(bytes);
    if (!text.contains(QChar::ReplacementCharacter) || text.toStdString() == bytes)
        return shownToken(bytes);
    QString shown;
    for (const char byte : bytes)
        shown += QStringLiteral("<%1>").arg(
            static_cast<unsigned char>(byte), 2, 16, QLatin1Char('0'));
    return shown.toUpper();
}

std::vector<int> tokenPlaces(
    const std::string& text, const std::vector<session::PromptToken>& tokens)
{
    std::string spelled;
    for (const session::PromptToken& token : tokens)
        spelled += token.bytes;
    if (spelled != text)
        return {};
    // UTF-16 units before each byte; a token that ends inside a character ends behind it
    std::vector<int> places{0};
    size_t at = 0;
    int units = 0;
    for (const session::PromptToken& token : tokens) {
        for (const size_t end = at + token.bytes.size(); at < end; ++at) {
            const auto byte = static_cast<unsigned char>(text[at]);
            units += (byte & 0xC0U) == 0x80U ? 0 : byte >= 0xF0U ? 2 : 1;
        }
        places.push_back(units);
    }
    return places;
}

} // namespace moe::chat
