// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/jinja_loop.h"

namespace moe::text::jinja {

bool Loop::next(Value& item)
{
    if (ahead) {
        item = std::move(*ahead);
        ahead.reset();
    } else if (!source(item)) {
        return false;
    }
    ++index0;
    before = std::move(current);
    current = item;
    return true;
}

const std::optional<Value>& Loop::peek()
{
    Value item;
    if (!ahead && source(item))
        ahead = std::move(item);
    return ahead;
}

int64_t Loop::length()
{
    if (known)
        return *known;
    auto rest = std::make_shared<std::vector<Value>>();
    for (Value item; source(item);)
        rest->push_back(item);
    known = static_cast<int64_t>(rest->size()) + index0 + 1 + (ahead ? 1 : 0);
    source = [rest, at = size_t{0}](Value& item) mutable {
        if (at == rest->size())
            return false;
        item = (*rest)[at++];
        return true;
    };
    return *known;
}

} // namespace moe::text::jinja
