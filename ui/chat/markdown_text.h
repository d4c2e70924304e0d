// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QTextBrowser>

namespace moe::chat {

/// Markdown as text that can be selected, as tall as its content. While a reply streams, whole
/// lines are shown as Markdown and the line that is being written as plain text: converting costs
/// milliseconds, appending a tenth of one. Where converting costs more (a table of hundreds of
/// rows), the lines since the last time stay plain for a while too. Pictures are links, HTML is
/// text: nothing is loaded. GUI thread.
class MarkdownText : public QTextBrowser {
    Q_OBJECT
public:
    explicit MarkdownText(QWidget* parent = nullptr);

    /// `firstNumber`: of the list that it begins with, where that goes on; 0: as it is written.
    void setMarkdownSource(const QString& source, bool live, int firstNumber = 0);
    void setPlainSource(const QString& text); ///< what the user typed
    int widestNumber() const { return m_widest; } ///< of its lists, 0: none has numbers
    void leaveRoomFor(int number); ///< in its lists, also where their own need less
    int heightFor(int width);
    void restyle(); ///< after theme or font changed

    QVariant loadResource(int type, const QUrl& name) override;

protected:
    void focusInEvent(QFocusEvent* event) override; ///< by Tab: its first link, or the last
    void wheelEvent(QWheelEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    bool isDue() const;
    void convert();
    void dress();
    void indentLists();
    void showTail(const QString& tail);

    QString m_source, m_converted, m_tail;
    int m_firstNumber = 0;
    int m_widest = 0, m_room = 0; ///< numbers: of its own lists, and what they leave room for
    QElapsedTimer m_sinceConverted;
    qint64 m_cost = 0; ///< ms that converting took
    bool m_plain = false;
};

} // namespace moe::chat
