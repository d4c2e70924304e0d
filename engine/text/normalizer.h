// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <functional>
#include <string>

namespace moe::text {

/// A text on its way through a tokenizer.
struct Passage {
    std::string text;
    bool first = true; ///< its first character is the first of the text that was given
};

/// What a text of so many bytes may grow to: no tokenizer that makes sense comes near it, but a few
/// hostile replacements in a row would fill any memory.
inline size_t mostBytesOf(size_t bytes)
{
    return 64 * bytes + 65'536;
}
/// Throws when `bytes` is more than `most`.
void checkGrowth(size_t bytes, size_t most);

/// The "normalizer" of a tokenizer.json: changes a passage between two added tokens.
using Normalizer = std::function<void(Passage&)>;

/// Null: one that changes nothing. Throws for a kind or key that is not implemented, by name.
Normalizer parseNormalizer(const base::Json& json, const std::string& where);

} // namespace moe::text
