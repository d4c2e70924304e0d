// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/text/normalizer.h"
#include "engine/text/regex.h"

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::text {

/// A passage cut into the pieces that are encoded each by itself.
struct Pieces {
    struct Range {
        size_t begin, end; ///< in `text`; never empty, in order
    };
    std::string text;
    std::vector<Range> ranges;
    bool first = true; ///< as in Passage, of the first range
};

/// The "pre_tokenizer" of a tokenizer.json.
using PreTokenizer = std::function<void(Pieces&)>;

/// Null: one that cuts nothing. Throws for a kind or key that is not implemented, by name.
PreTokenizer parsePreTokenizer(const base::Json& json, const std::string& where);

/// How a Split treats what its pattern matches.
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };
PreTokenizer splitBy(const Regex& pattern, SplitBehavior behavior, bool invert);

/// Every byte as a printable character (GPT-2's alphabet).
PreTokenizer byteLevel(bool addPrefixSpace, bool useRegex);

} // namespace moe::text
