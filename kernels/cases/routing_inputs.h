// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cases/operands.h"

#include <vector>

namespace moe::kernels::cases {

/// Random logits [tokens, experts], representable as float32, for which rounding cannot change a
/// routing decision: the gaps between neighbouring probabilities, of one token around the choice
/// and of one expert's assignments around its capacity, are over 1e-4 of the larger.
std::vector<double> decidedLogits(
    RandomInputs& random, int64_t tokens, const kernels::RouterShape& shape);

/// What the reference's router decides, as the arrays of a RouterState.
struct HostRouting {
    HostArray probs, chosen, weights, slots;
    HostArray rowToken; ///< [tokens · topK]; beyond the rows in use a token that does not exist
    HostArray offsets, load;

    int64_t rowsInUse() const { return static_cast<int64_t>(offsets.values.back()); }
};
HostRouting hostRouting(const std::vector<double>& logits, const kernels::RouterShape& shape);
kernels::RouterState inputState(Operands& operands, const HostRouting& routing);

} // namespace moe::kernels::cases
