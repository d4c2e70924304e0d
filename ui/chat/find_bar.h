// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QPointer>

class QLabel;
class QLineEdit;
class QToolButton;

namespace moe::chat {

class ChatView;

/// Stands over a transcript while something is looked for in it: the text, "3 of 17", and what
/// goes to the previous or the next place. Esc closes it. Object name "findBar". GUI thread.
class FindBar : public QFrame {
    Q_OBJECT
public:
    explicit FindBar(QWidget* parent = nullptr);

    void open(ChatView& view); ///< in that one, with what was looked for last
    void dismiss(); ///< closes it and gives the focus back
    void findNext(bool forward);
    const ChatView* view() const; ///< null: it is closed

protected:
    bool event(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void showPlace();

    QLineEdit* m_field;
    QLabel* m_place;
    QToolButton *m_previous, *m_next;
    QPointer<ChatView> m_view;
    QPointer<QWidget> m_before; ///< had the focus
};

} // namespace moe::chat
