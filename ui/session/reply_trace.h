// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/reply_routing.h"
#include "engine/infer/generation.h"
#include "engine/infer/opened_model.h"
#include "engine/text/stream_decoder.h"

namespace moe::session {

/// Collects where a reply's tokens went while they come. Not for several threads at once.
class ReplyTrace {
public:
    /// `prompt`: tokens fed before the reply begins, whose routing is left out. `extra`:
    /// runners-up. `before`: of a reply that goes on, whose ids end the prompt; what is collected
    /// begins with it, when the model has its layers.
    ReplyTrace(const infer::OpenedModel& model, int64_t prompt, int64_t extra,
        chats::ReplyRouting before = {});

    void add(const std::vector<int32_t>& ids, const std::vector<infer::TokenRouting>& routing);
    /// What was added since the last call.
    chats::ReplyRouting take();

private:
    const infer::OpenedModel& m_model;
    text::StreamDecoder m_decoder;
    int64_t m_promptLeft;
    std::vector<chats::ReplyRouting::Layer> m_layers;
    chats::ReplyRouting m_new;
};

/// Whether `ids` are the tokens of a reply of this text.
bool spells(
    const text::Tokenizer& tokenizer, const std::vector<int32_t>& ids, const std::string& text);

/// Bytes at the end of that text which stand for a character that the tokens leave unfinished.
int64_t unfinishedBytes(const text::Tokenizer& tokenizer, const std::vector<int32_t>& ids);

/// Appends `more`, which has the same layers; an empty routing takes them from it.
void append(chats::ReplyRouting& routing, const chats::ReplyRouting& more);

} // namespace moe::session
