// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moe::chats {

/// Where the tokens of one reply went. Token t of the reply is the one fed at that place: the last
/// token of a reply is never fed and has no routing, so there may be one more token than columns.
struct ReplyRouting {
    static constexpr uint16_t kNone = 0xFFFF; ///< no expert (fewer were chosen)

    struct Layer {
        int32_t layer = 0; ///< decoder layer's index
        int32_t experts = 0, chosen = 0, extra = 0; ///< of the model; kept for each token
        bool operator==(const Layer&) const = default;
    };
    std::vector<Layer> layers; ///< those with experts
    std::vector<int32_t> ids; ///< [tokens]
    std::vector<std::string> texts; ///< [tokens], what each adds to the text, whole characters
    std::vector<uint16_t> experts; ///< [columns, Σ chosen + extra]: by falling gate probability
    /// The same places: mixing weight of a chosen expert, gate probability of a runner-up.
    std::vector<float> weights;
    std::vector<float> gates; ///< probabilities of all of them; empty in older stores

    int64_t stride() const; ///< Σ chosen + extra
    int64_t columns() const; ///< tokens with a routing
    bool empty() const { return layers.empty() || experts.empty(); }
    int64_t offsetOf(size_t layer) const; ///< within a token, of layers[layer]
    void keepColumns(int64_t most); ///< drops those behind the first `most`

    /// Assignments of each expert, [layers, widest]; `widest` is the most experts of a layer.
    std::vector<int64_t> load() const;
    int32_t widest() const;
    /// Columns in which `expert` was chosen in layers[layer].
    std::vector<int64_t> tokensOf(size_t layer, int32_t expert) const;
};

/// Bytes for the store; decode() throws moe::Error for bytes that are none of ours.
std::vector<uint8_t> encode(const ReplyRouting& routing);
ReplyRouting decodeRouting(std::span<const uint8_t> bytes);

} // namespace moe::chats
