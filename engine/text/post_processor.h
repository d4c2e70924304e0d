// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace moe::text {

/// The "post_processor" of a tokenizer.json for a single text: puts special tokens around its ids.
using PostProcessor = std::function<void(std::vector<int32_t>&)>;

/// Null: adds nothing. Throws for a kind or key that is not implemented, by name.
PostProcessor parsePostProcessor(const base::Json& json, const std::string& where);

} // namespace moe::text
