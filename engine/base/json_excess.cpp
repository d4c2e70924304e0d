// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json_excess.h"

#include <vector>

namespace moe::base {

std::optional<JsonExcess> excessOf(std::string_view text, size_t levels, size_t keys)
{
    std::vector<size_t> keysOf; // of each list or object around the place
    bool inString = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            if (keysOf.size() == levels)
                return JsonExcess{JsonExcess::Of::Levels, i};
            keysOf.push_back(0);
        } else if (!keysOf.empty() && (c == ']' || c == '}')) {
            keysOf.pop_back();
        } else if (!keysOf.empty() && c == ':' && ++keysOf.back() > keys) {
            return JsonExcess{JsonExcess::Of::Keys, i};
        }
    }
    return std::nullopt;
}

} // namespace moe::base
