// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QSyntaxHighlighter>

namespace moe::chat {

/// Keywords, strings, numbers and comments of the usual languages. It knows words, not grammars:
/// enough to read code by, and never slow.
class CodeHighlighter : public QSyntaxHighlighter {
public:
    explicit CodeHighlighter(QTextDocument* document);
    void setLanguage(const QString& language);

protected:
    void highlightBlock(const QString& line) override;

private:
    int skipString(const QString& line, int from, QChar quote) const;

    QString m_language;
    bool m_hash = true, m_slashes = true, m_dashes = false, m_plain = false;
};

} // namespace moe::chat
