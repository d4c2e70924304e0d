// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/reply_trace.h"

#include <algorithm>
#include <utility>

namespace moe::session {

using chats::ReplyRouting;

ReplyTrace::ReplyTrace(
    const infer::OpenedModel& model, int64_t prompt, int64_t extra, ReplyRouting before)
    : m_model(model)
    , m_decoder(model.tokenizer(), false, true)
    , m_promptLeft(prompt)
{
    const model::ModelConfig& config = model.config();
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        if (config.isMoeLayer(layer))
            m_layers.push_back({static_cast<int32_t>(layer), static_cast<int32_t>(config.experts),
                static_cast<int32_t>(config.topK),
                static_cast<int32_t>(std::min(extra, config.experts - config.topK))});
    }
    if (before.ids.empty() || before.layers != m_layers)
        return;
    for (const int32_t id : before.ids)
        m_decoder.push(id); // a character may end in the next token
    // Its last token was drawn and not fed: that is done now, at the end of the prompt.
    before.keepColumns(std::ssize(before.ids) - 1);
    m_promptLeft -= std::ssize(before.ids) - before.columns();
    m_new = std::move(before);
}

void ReplyTrace::add(
    const std::vector<int32_t>& ids, const std::vector<infer::TokenRouting>& routing)
{
    for (const int32_t id : ids) {
        m_new.ids.push_back(id);
        m_new.texts.push_back(m_decoder.push(id));
    }
    for (const infer::TokenRouting& token : routing) {
        if (m_promptLeft > 0) {
            --m_promptLeft;
            continue;
        }
        for (const ReplyRouting::Layer& layer : m_layers) {
            const auto row = static_cast<size_t>(layer.layer);
            const auto ranks = static_cast<size_t>(layer.chosen) + static_cast<size_t>(layer.extra);
            for (size_t i = 0; i < ranks; ++i) {
                const bool there = row < token.size() && i < token[row].size();
                m_new.experts.push_back(
                    there ? static_cast<uint16_t>(token[row][i].expert) : ReplyRouting::kNone);
                m_new.weights.push_back(there ? token[row][i].weight : 0);
                m_new.gates.push_back(there ? token[row][i].gate : 0);
            }
        }
    }
}

ReplyRouting ReplyTrace::take()
{
    m_new.layers = m_layers;
    return std::exchange(m_new, {});
}

bool spells(
    const text::Tokenizer& tokenizer, const std::vector<int32_t>& ids, const std::string& text)
{
    text::StreamDecoder decoder(tokenizer, true);
    std::string spelt;
    for (const int32_t id : ids) {
        if (id < 0 || id >= tokenizer.vocabSize())
            return false; // another model's
        spelt += decoder.push(id);
    }
    return spelt == text || spelt + decoder.finish() == text;
}

int64_t unfinishedBytes(const text::Tokenizer& tokenizer, const std::vector<int32_t>& ids)
{
    text::StreamDecoder decoder(tokenizer, true);
    for (const int32_t id : ids)
        decoder.push(id);
    return std::ssize(decoder.finish());
}

void append(ReplyRouting& routing, const ReplyRouting& more)
{
    if (routing.layers.empty())
        routing.layers = more.layers;
    const auto extend = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    extend(routing.ids, more.ids);
    extend(routing.texts, more.texts);
    extend(routing.experts, more.experts);
    extend(routing.weights, more.weights);
    if (routing.weights.size() - more.weights.size() == routing.gates.size())
        extend(routing.gates, more.gates); // else it goes on from one without them
}

} // namespace moe::session
