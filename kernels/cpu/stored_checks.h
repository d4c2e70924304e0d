// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"

namespace moe::kernels::cpu {

/// Throws moe::Error unless x has the columns that W wants for each head, and W's rows are a
/// multiple of the heads.
void checkProduct(const TensorView& x, const PlacedMatrix& w, int64_t heads);
/// Throws moe::Error unless gate, up and down fit each other and activations of `hidden` columns.
void checkFeedForward(const FeedForward& ffn, int64_t hidden);

} // namespace moe::kernels::cpu
