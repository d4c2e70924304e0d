// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/text/regex.h"

#include <string>
#include <vector>

namespace moe::text {

/// The "pattern" of a Split or Replace: {"String": …} or {"Regex": …}.
Regex readPattern(base::ObjectReader& reader);

/// A key that holds one character.
char32_t readCharacter(base::ObjectReader& reader, const std::string& key);

/// The members of a Sequence with where each stands ("file: normalizer.normalizers[1]").
struct Component {
    const base::Json* json;
    std::string where;
};
std::vector<Component> readSequence(base::ObjectReader& reader, const std::string& key);

[[noreturn]] void refuseComponent(
    const std::string& what, const std::string& kind, const std::string& where);

} // namespace moe::text
