// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace moe::base {

/// Where JSON text first goes beyond what its reader is willing to build.
struct JsonExcess {
    enum class Of : uint8_t { Levels, Keys } of;
    size_t byte;
};
/// One pass over the text, before anything is built of it: lists and objects nested deeper than
/// `levels`, or an object of more than `keys` keys. What is not JSON gives any answer.
std::optional<JsonExcess> excessOf(std::string_view text, size_t levels, size_t keys);

} // namespace moe::base
