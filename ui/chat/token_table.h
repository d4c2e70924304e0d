// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/prompt_preview.h"

#include <QAbstractTableModel>

#include <vector>

namespace moe::chat {

/// The tokens of a prompt in their order: place, id, text.
class TokenTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Place, Id, Text, Columns };

    using QAbstractTableModel::QAbstractTableModel;
    void setTokens(std::vector<session::PromptToken> tokens);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<session::PromptToken> m_tokens;
};

/// A token's text with what is not seen made visible; bytes that are no whole character as "<E4>".
QString tokenText(const std::string& bytes);

/// Where each token begins in the QString of `text`, and the end behind the last: empty when the
/// tokens do not spell the text (a tokenizer that changes it).
std::vector<int> tokenPlaces(
    const std::string& text, const std::vector<session::PromptToken>& tokens);

} // namespace moe::chat
