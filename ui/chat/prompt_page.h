// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/prompt_preview.h"

#include <QWidget>

#include <vector>

class QLabel;
class QPlainTextEdit;
class QTableView;

namespace moe::chat {

class TokenTableModel;

/// The prompt as the model reads it, above its tokens: a token that is chosen or pointed at in one
/// is shown in the other. GUI thread.
class PromptPage : public QWidget {
    Q_OBJECT
public:
    explicit PromptPage(QWidget* parent = nullptr);
    void setPreview(const session::PromptPreview& preview);
    /// Nothing to show: what is missing.
    void setNone(const QString& why);

Q_SIGNALS:
    void shown(); ///< time for a new preview

protected:
    void showEvent(QShowEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    int tokenAt(int position) const; ///< −1: none
    void mark(int token);
    QString describe(int token) const;

    QLabel* m_sum;
    QPlainTextEdit* m_text;
    TokenTableModel* m_model;
    QTableView* m_table;
    std::vector<session::PromptToken> m_tokens;
    std::vector<int> m_places; ///< of the tokens in the text; empty: unknown
};

} // namespace moe::chat
