// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "tests/support/host_array.h"

#include <vector>

namespace moe::tests {

/// Random logits [tokens, experts], representable as float32, for which rounding cannot change a
/// routing decision: the gaps between neighbouring probabilities, of one token around the choice
/// and of one expert's assignments around its capacity, are over 1e-4 of the larger.
std::vector<double> decidedLogits(
    RandomInputs& random, int64_t tokens, const kernels::RouterShape& shape);

} // namespace moe::tests
