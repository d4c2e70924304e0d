// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moe::text {

/// A tokenizer.json, its two long lists apart from the rest: as JSON values they would take many
/// times their bytes.
struct TokenizerFile {
    std::vector<std::pair<std::string, int32_t>> vocab; ///< model.vocab, an object
    std::vector<std::pair<std::string, std::string>> merges; ///< model.merges, "a b" or ["a", "b"]
    std::shared_ptr<const base::Json> rest;
};

/// Throws, naming `where` and the byte, for what is no JSON or holds something else in those
/// places.
TokenizerFile parseTokenizerFile(std::string_view text, const std::string& where);

} // namespace moe::text
