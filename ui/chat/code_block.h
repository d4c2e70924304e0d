// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFont>
#include <QPlainTextEdit>
#include <QWidget>

class QLabel;
class QToolButton;

namespace moe::chat {

class CodeHighlighter;

QFont codeFont(); ///< fixed pitch, as high as the body text

/// Fenced code: its language and a Copy button above, the lines below, not wrapped. GUI thread.
class CodeBlock : public QWidget {
    Q_OBJECT
public:
    explicit CodeBlock(QWidget* parent = nullptr);

    void setCode(const QString& code, const QString& language); ///< appending is cheap
    QString code() const { return m_code; }
    QPlainTextEdit& lines() { return *m_text; }
    int heightFor(int width) const;
    void restyle();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void copy();
    int textHeight() const;
    void measure(qsizetype from); ///< the lines from there on

    QString m_code;
    double m_widest = 0; ///< of its lines
    QLabel* m_language;
    QToolButton* m_copy;
    QPlainTextEdit* m_text;
    CodeHighlighter* m_highlighter;
};

} // namespace moe::chat
