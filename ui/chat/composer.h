// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"

#include <QPlainTextEdit>
#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace moe::chat {

/// Where a message is typed: Enter sends, Shift+Enter starts a line, Up in an empty field edits the
/// last message. Grows with its text up to eight lines. Object name "chatInput".
class ChatInput : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit ChatInput(QWidget* parent = nullptr);
    void setRightInset(int pixels); ///< what the button in its corner covers

Q_SIGNALS:
    void sendWanted();
    void editLastWanted();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void grow();
};

/// The field, Send or Stop in its corner, and how replies are drawn: preset, the usual numbers, the
/// rare ones and the system prompt behind buttons. GUI thread.
class Composer : public QWidget {
    Q_OBJECT
public:
    explicit Composer(QWidget* parent = nullptr);

    ChatInput& input() { return *m_input; }
    void setText(const QString& text); ///< a draft; no draftChanged()
    QString text() const { return m_input->toPlainText(); }
    void setSetup(const chats::Setup& setup); ///< system prompt and sampling; no setupChanged()
    chats::SamplingSettings sampling() const;
    QString systemPrompt() const;
    /// Empty: messages can be sent.
    void setSendRefusal(const QString& reason);
    void setReplying(bool replying);
    void setContext(int64_t used, int64_t room); ///< tokens; room 0: unknown
    void setCompact(bool compact);

Q_SIGNALS:
    void sendWanted(const QString& text);
    void stopWanted();
    void editLastWanted();
    void draftChanged(const QString& text);
    void setupChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeFields();
    QWidget* makeRareFields();
    QDoubleSpinBox* number(
        const char* name, const QString& label, double least, double most, double step);
    void usePreset(int index);
    void fieldEdited();
    void showSampling(const chats::SamplingSettings& sampling);
    void send();
    void placeButtons();

    QWidget* m_column;
    ChatInput* m_input;
    QPushButton *m_send, *m_stop;
    QPlainTextEdit* m_system;
    QWidget* m_rare;
    QComboBox* m_preset;
    QDoubleSpinBox *m_temperature, *m_topP, *m_minP, *m_penalty;
    QSpinBox *m_topK, *m_most;
    QLineEdit* m_seed;
    QToolButton *m_systemButton, *m_rareButton;
    QLabel* m_context;
    QString m_refusal;
    bool m_replying = false;
};

} // namespace moe::chat
