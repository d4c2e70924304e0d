// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"
#include "engine/infer/generation.h"
#include "engine/infer/opened_model.h"

#include <QObject>
#include <QString>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace moe::serve {
struct ServedModel;
}

namespace moe::session {

struct PromptPreview;

/// What a reply is asked for with.
struct ReplyRequest {
    std::string systemPrompt;
    std::vector<std::pair<chats::Role, std::string>> messages; ///< the last is what is answered
    /// The last message is the reply itself, which goes on where it ends.
    bool goOn = false;
    chats::ReplyRouting before; ///< of that reply, as far as it is known
    chats::SamplingSettings sampling; ///< a seed, or one is drawn
    std::vector<chats::MaskedExpert> masks;
};

/// What came since the last signal.
struct ReplyPart {
    std::string text;
    /// So many bytes at the end of what it goes on from make way for the text: they stood for a
    /// character that was not whole.
    int64_t replaces = 0;
    chats::ReplyRouting routing; ///< of the new tokens, as far as they are fed
};

/// Comes behind all parts of a reply: their routings together are the whole one.
struct ReplyEnd {
    chats::ReplyFacts facts;
    /// The whole reply (what it goes on from left out) as the engine gives it at the end.
    std::string text;
};

/// A model in this process and the replies it gives, seen from the window: owns the thread that
/// opens the model and writes prompts, and turns what the generator says into signals at 30 Hz.
/// Lives on the GUI thread; nothing here blocks it (the destructor waits for the current step).
class ChatSession : public QObject {
    Q_OBJECT
public:
    enum class State { Empty, Opening, Ready };

    explicit ChatSession(QObject* parent = nullptr);
    ~ChatSession() override;

    void setThreads(int threads); ///< of the models opened from now on; 0: all cores
    /// Opens a checkpoint folder in place of what is open, which goes when the other one is there
    /// (before, when memory does not hold both); replies of that end as cancelled then.
    /// `besideBytes`: weights of other models that stay open.
    void open(const std::filesystem::path& folder, int64_t besideBytes = 0);
    void cancelOpening();
    void close();
    State state() const;
    const std::filesystem::path& folder() const; ///< opening or open
    /// Null unless Ready. Const calls only.
    const infer::OpenedModel* model() const;
    /// The open model as an endpoint serves it; null unless Ready.
    const serve::ServedModel* served() const;
    /// Before the first open: called on this session's thread before a model goes. Returns when
    /// nobody uses what served() gave.
    void setBeforeClosing(std::function<void()> beforeClosing);
    /// The prompt that `request` makes, handed to `done` here; nothing when no model is open.
    void preview(ReplyRequest request, std::function<void(const PromptPreview&)> done);

    /// Asks for a reply, only when Ready; part() and ended() follow under the number returned.
    quint64 reply(ReplyRequest request);
    /// What is known of a reply that has not ended: sampling, masks and seed at once, the prompt's
    /// tokens when it is written.
    chats::ReplyFacts factsOf(quint64 reply) const;
    void stop(quint64 reply); ///< ended() follows within a step
    bool isReplying() const;

Q_SIGNALS:
    void progressed(const QString& what, qint64 done, qint64 total, const QString& unit);
    void opened();
    void closed(); ///< no model is there any more: closed, or opening was cancelled
    /// What was to be opened is not (openFailed() follows, or opening was cancelled); the model
    /// that was open is.
    void kept();
    void openFailed(const QString& line); ///< model() says whether another one stayed open
    void part(quint64 reply, const moe::session::ReplyPart& part);
    void ended(quint64 reply, const moe::session::ReplyEnd& end);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::session
