// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moe::infer {

/// Tokens that a step's rows of prompts look at, together: those of 512 rows behind 8,192 tokens.
/// Behind many more, a step would take minutes, in which nobody is answered or heard.
constexpr int64_t kSeenByAStep = int64_t{512} * 8192;
/// Rows of the first prompt, whatever is behind it: they share their reading of keys and weights.
constexpr int64_t kLeastRows = 16;

struct UnfedPrompt {
    int64_t fed; ///< tokens behind it
    int64_t unfed; ///< 1 or more
};

/// Rows of each prompt in a step that has `rows` for them. Who comes first is given rows first.
std::vector<int64_t> chunkRows(std::span<const UnfedPrompt> prompts, int64_t rows);

} // namespace moe::infer
