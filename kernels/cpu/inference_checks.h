// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"

/// What would lead an operation of inference outside its operands: moe::Error then.
namespace moe::kernels::cpu {

void checkRotation(const TensorView& x, const PagedBatch& batch, const TensorView& table);
/// A page of the pool for each position of each of the `rows`, and types that belong together.
void checkPages(const PagedBatch& batch, int64_t rows, const KvPages& pages);
void checkAttention(const KvPages& pages, const PagedAttention& attention);
void checkRouter(const InferenceRouter& router, int64_t experts);
void checkHeads(const PlacedMatrix& w, int64_t heads);

} // namespace moe::kernels::cpu
