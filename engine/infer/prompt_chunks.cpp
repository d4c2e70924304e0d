// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/prompt_chunks.h"

#include <algorithm>

namespace moe::infer {

std::vector<int64_t> chunkRows(std::span<const UnfedPrompt> prompts, int64_t rows)
{
    std::vector<int64_t> chunks;
    int64_t seen = kSeenByAStep;
    for (const UnfedPrompt& prompt : prompts) {
        const int64_t least = chunks.empty() ? kLeastRows : 0;
        const int64_t affordable = std::max(least, seen / std::max<int64_t>(prompt.fed, 1));
        const int64_t chunk = std::min({rows, prompt.unfed, affordable});
        rows -= chunk;
        seen = std::max<int64_t>(0, seen - chunk * prompt.fed);
        chunks.push_back(chunk);
    }
    return chunks;
}

} // namespace moe::infer
