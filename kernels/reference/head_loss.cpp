// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

#include <algorithm>
#include <cmath>

namespace moe::kernels::reference {
namespace {

struct TokenLoss {
    double loss = 0;
    Values probs; ///< softmax of the logits
};

TokenLoss tokenLoss(const Values& xRow, const Values& w, int32_t target)
{
    const auto hidden = static_cast<int64_t>(xRow.size());
    const int64_t vocabulary = static_cast<int64_t>(w.size()) / hidden;
    if (target < 0 || target >= vocabulary)
        refuse("headLoss: target", std::to_string(target),
            "an id from 0 to " + std::to_string(vocabulary - 1));
    Values z = product(xRow, w, hidden, vocabulary);
    const double largest = *std::max_element(z.begin(), z.end());
    double sum = 0;
    for (const double value : z)
        sum += std::exp(value - largest);
    const double lse = largest + std::log(sum);
    const double loss = lse - z[static_cast<size_t>(target)];
    for (double& value : z)
        value = std::exp(value - lse);
    return {.loss = loss, .probs = std::move(z)};
}

Values rowOf(const Values& x, size_t row, int64_t hidden)
{
    const auto first = x.begin() + static_cast<int64_t>(row) * hidden;
    return {first, first + hidden};
}

} // namespace

double headLoss(const Values& x, const Values& w, const Indices& targets, int64_t hidden)
{
    double sum = 0;
    for (size_t t = 0; t < targets.size(); ++t)
        sum += tokenLoss(rowOf(x, t, hidden), w, targets[t]).loss;
    return sum;
}

/// dlogits = scale (softmax − one-hot target); dx = dlogits W; dW = dlogitsᵀ x.
HeadGradient headLossGradient(
    const Values& x, const Values& w, const Indices& targets, int64_t hidden, double scale)
{
    const int64_t vocabulary = static_cast<int64_t>(w.size()) / hidden;
    HeadGradient result{.dx = {}, .dW = Values(w.size())};
    for (size_t t = 0; t < targets.size(); ++t) {
        const Values row = rowOf(x, t, hidden);
        Values dLogits = tokenLoss(row, w, targets[t]).probs;
        dLogits[static_cast<size_t>(targets[t])] -= 1;
        for (double& value : dLogits)
            value *= scale;
        const Values dRow = productGradientX(dLogits, w, hidden, vocabulary);
        result.dx.insert(result.dx.end(), dRow.begin(), dRow.end());
        const Values dW = productGradientW(dLogits, row, hidden, vocabulary);
        for (size_t i = 0; i < dW.size(); ++i)
            result.dW[i] += dW[i];
    }
    return result;
}

void ReferenceBackend::headLossForward(
    const TensorView& x, const PackedMatrix& w, const TensorView& targets, const TensorView& loss)
{
    const Indices ids = readIndices(targets, targets.elements(), "headLossForward: targets");
    const Values rows = read(x, targets.elements() * w.in(), "headLossForward: x");
    if (loss.dtype != DType::Float64)
        refuse("headLossForward: loss", nameOf(loss.dtype), "float64");
    store(loss, Values{headLoss(rows, read(w), ids, w.in())}, Write::Add, "headLossForward: loss");
}

void ReferenceBackend::headLossForwardBackward(const TensorView& x, const PackedMatrix& w,
    const TensorView& targets, float scale, const TensorView& loss, const TensorView& dx,
    const TensorView& dW, Write write)
{
    headLossForward(x, w, targets, loss);
    const Indices ids = readIndices(targets, targets.elements(), "headLoss: targets");
    const HeadGradient result = headLossGradient(
        read(x, targets.elements() * w.in(), "headLoss: x"), read(w), ids, w.in(), scale);
    store(dx, result.dx, Write::Overwrite, "headLossForwardBackward: dx");
    store(dW, result.dW, write, "headLossForwardBackward: dW");
}

} // namespace moe::kernels::reference
