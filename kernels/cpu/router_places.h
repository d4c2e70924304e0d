// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

namespace moe::kernels::cpu {

/// Which assignments an expert with limited capacity keeps (contract section 3, item 2), and where
/// they stand in the permuted list: from state.chosen and state.probs to load, offsets, slots and
/// rowToken; adds to the totals' counts. `memory` of placesBytes().
void givePlaces(
    const RouterShape& shape, const RouterState& state, const RouterTotals& totals, void* memory);
int64_t placesBytes(int64_t tokens, const RouterShape& shape);

} // namespace moe::kernels::cpu
