// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/reply_routing.h"

#include <cstdint>
#include <vector>

namespace moe::models {

/// Where the tokens of some replies went, decoder layer × expert. Layers without experts are rows
/// of zeros.
struct ReplyLoad {
    int rows = 0, columns = 0;
    std::vector<int64_t> load; ///< [rows, columns], assignments
    std::vector<int64_t> tokens; ///< [rows], that the layer routed
    std::vector<double> ideal; ///< [rows], assignments of an expert when all have the same
    std::vector<int32_t> experts; ///< [rows]

    bool has(int row, int expert) const; ///< the layer routed tokens and has that expert
    /// Its assignments; 0 where there are none, or no such cell.
    int64_t loadAt(int row, int expert) const;
    /// load / ideal, NaN where there is nothing.
    float utilisation(int row, int expert) const;
    /// Tokens of the layer that the expert took, 0 … 1; NaN where there is nothing.
    float share(int row, int expert) const;
};

ReplyLoad loadOf(const std::vector<const chats::ReplyRouting*>& routings);

} // namespace moe::models
