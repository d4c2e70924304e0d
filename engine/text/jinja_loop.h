// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/jinja_value.h"

namespace moe::text::jinja {

/// What `loop` is inside a for: where it stands in what it runs over. It looks one item ahead only
/// when asked (`last`, `nextitem`), and at all of them only for a length that the source cannot
/// say.
struct Loop {
    std::function<bool(Value&)> source; ///< hands out the items
    std::optional<int64_t> known; ///< the length, where the source has one
    int depth = 1;
    int64_t index0 = -1;
    std::optional<Value> before, current, ahead;
    std::vector<Value> changed; ///< what `changed` saw last
    bool everChanged = false;

    bool next(Value& item); ///< false at the end
    const std::optional<Value>& peek();
    int64_t length();
};

} // namespace moe::text::jinja
