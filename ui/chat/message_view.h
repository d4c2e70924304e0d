// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"

#include <QList>
#include <QWidget>

#include <optional>
#include <vector>

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QToolButton;

namespace moe::chat {

class ExpertStrip;
class CodeBlock;
class MarkdownText;
struct Segment;

/// What a message shows beside itself.
struct MessageContext {
    int sibling = 0, siblings = 1; ///< place among the branches that begin here
    bool last = false; ///< of the branch on screen
    bool live = false; ///< it is being written
    bool cutOff = false; ///< it was being written when the program ended
    bool elsewhere = false; ///< another window writes it
    bool canReply = false; ///< a model is there and free
    QString editRefusal; ///< why an edit cannot be kept now; empty: it can
    QString heading; ///< "Today, 15:02", above the message; may be empty
};

/// "185 tokens, 26.8 tokens/s, first token 1.12 s, seed 42, finished: stop".
QString factsText(const chats::Message& message, const MessageContext& context);

/// One message: text in segments, its figures, its buttons, and the strip of a reply's experts.
/// Laid out by ChatView: layOut() places everything for a width and says how tall it became. GUI
/// thread.
class MessageView : public QWidget {
    Q_OBJECT
public:
    explicit MessageView(int64_t id, QWidget* parent = nullptr);

    int64_t id() const { return m_id; }
    void setMessage(const chats::Message& message, const MessageContext& context);
    int layOut(int width);
    void restyle();
    bool isBusy() const; ///< being edited, or holding the focus: not to be thrown away

    void edit(); ///< turns the text into a field
    void openEditor(const QString& text); ///< the same, without the focus
    bool isEditing() const { return m_editor != nullptr; }
    bool stripShown() const { return m_stripShown; }
    void setStripShown(bool shown);
    void setRouting(const chats::ReplyRouting* routing); ///< null: not there (yet)
    ExpertStrip* strip() { return m_strip; }
    void showLayer(int64_t layer); ///< in the strip, also in one that is opened later
    /// Marks what an expert took, in text and strip; none: nothing.
    void setMark(std::optional<chats::MaskedExpert> mark);
    /// Marks where `text` stands, place number `current` more strongly, of very many those round
    /// it; returns how many there are. In what a long message leaves out they are counted nearly;
    /// when `current` is one of them all is shown, and is to be laid out.
    int setFind(const QString& text, int current);
    /// Of a place, in this widget; a line of code scrolls there. Null: it is not shown.
    QRect foundRect(int place);

Q_SIGNALS:
    void heightChanged();
    void stripToggled(bool shown);
    void routingWanted(qint64 message);
    void tokenHovered(qint64 message, int column);
    void layerChosen(qint64 layer); ///< in the strip: a decoder layer
    void branchWanted(qint64 message, int by); ///< previous or next
    void regenerateWanted(qint64 message);
    void goOnWanted(qint64 message);
    void removeWanted(qint64 message);
    void edited(qint64 message, const QString& text);
    void editTyped(qint64 message, const QString& text); ///< not sent yet
    void editEnded(qint64 message); ///< sent or cancelled
    void editRefused(); ///< asked for against editRefusal; it stays open

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// Of the line of a failed reply.
    static constexpr int kErrorFlags = Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap;

    void buildButtons();
    QString shownPart();
    void showAll();
    void showSegments(const QList<Segment>& segments, bool live);
    void lineUpLists();
    void updateButtons();
    int placeContent(int width);
    int placeEditor(int width, int y);
    int placeFooter(int width, int y);
    int roomForFacts(int width) const;
    QString errorText() const;
    static QRect wordsOfError(const QRect& line);
    int errorHeight(int width) const;
    void finishEditing(bool keep);
    void markTokens();
    void findPlaces(const QStringList& texts);
    int placesLeftOut();
    void mark(const QStringList& texts);
    QStringList shownTexts() const; ///< of the segments
    void copyText();
    QList<QWidget*> parts() const; ///< that take keys
    void watchKeys(QWidget& segment);
    void enterParts();
    void leaveParts();
    bool isBackToMessage(const QObject* watched, QEvent* event);
    bool isUser() const { return m_message.role == chats::Role::User; }

    int64_t m_id;
    chats::Message m_message;
    MessageContext m_context;
    QList<QWidget*> m_segments; ///< MarkdownText or CodeBlock each
    QList<bool> m_goesOn; ///< with the list of the segment above
    QLabel *m_facts, *m_place;
    QToolButton *m_previous, *m_next, *m_experts, *m_regenerate, *m_copy, *m_edit, *m_goOn,
        *m_remove;
    QPlainTextEdit* m_editor = nullptr;
    QPushButton *m_keep = nullptr, *m_cancel = nullptr, *m_showAll = nullptr;
    bool m_wholeShown = false; ///< though it is long
    ExpertStrip* m_strip = nullptr;
    const chats::ReplyRouting* m_routing = nullptr;
    std::optional<int64_t> m_layer;
    std::optional<chats::MaskedExpert> m_mark;
    QMetaObject::Connection m_inside; ///< while a part has been entered
    std::vector<int64_t> m_tokens; ///< those marked
    QString m_find;
    struct Found {
        qsizetype segment;
        int at;
    };
    QList<Found> m_found;
    int m_current = -1; ///< of m_found
    bool m_stripShown = false, m_hovered = false;
    int m_bodyTop = 0, m_bodyBottom = 0;
};

} // namespace moe::chat
