// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"
#include "kernels/reference/formulas.h"

/// The formulas of kernels/inference.h on plain double arrays.
namespace moe::kernels::reference {

/// Row `row` of a matrix that place() made: code × scale.
Values weightRow(const PlacedMatrix& matrix, int64_t row);
/// All rows, [out, in].
Values weights(const PlacedMatrix& matrix);

/// x Wᵀ + bias over rows of x; bias empty or [out].
Values affine(const Values& x, const PlacedMatrix& w, const Values& bias);
/// What goes into the down product.
double gated(double gate, double up, Gating gating, double limit);

struct RoutedRow {
    Values probs, weights;
    Indices chosen;
};
/// One row of logits; `mask` empty or as many.
RoutedRow routeRow(Values logits, const InferenceRouter& router, const Values& mask);

/// One head of one row: keys [count, keyDim] and values [count, valueDim] that it sees.
Values attendRow(const Values& q, const Values& keys, const Values& values, size_t valueDim,
    double scale, const double* sink);

} // namespace moe::kernels::reference
