// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/checkpoint/safetensors.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace moe::checkpoint {

/// A tensor as a .safetensors header claims it; the offsets are unchecked numbers.
struct HeaderEntry {
    std::string name;
    StoredType type = StoredType::F32;
    std::vector<int64_t> shape;
    uint64_t begin = 0, end = 0; ///< bytes after the header
};

struct Header {
    std::vector<HeaderEntry> tensors; ///< by rising begin
    std::map<std::string, std::string> metadata;
};

/// Parses the JSON of a header without building it as a tree, so that its size and nesting cost
/// nothing. Throws moe::Error naming `where` for anything else than the format allows: other keys,
/// names given twice, more than kMostAxes axes, sizes that overflow or disagree with the offsets,
/// tensors that overlap, leave a gap, or end elsewhere than at `dataBytes`.
Header parseHeader(std::string_view json, uint64_t dataBytes, const std::string& where);
inline constexpr size_t kMostAxes = 8;

/// The type of a name such as "BF16"; false when there is none.
bool typeOf(const std::string& name, StoredType& type);

} // namespace moe::checkpoint
