// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

#include <cmath>

namespace moe::kernels::reference {

RmsNorm rmsNorm(const Values& x, const Values& weight, double eps)
{
    const size_t hidden = weight.size();
    RmsNorm result{.y = Values(x.size()), .rstd = Values(x.size() / hidden)};
    for (size_t t = 0; t < result.rstd.size(); ++t) {
        double squares = 0;
        for (size_t i = 0; i < hidden; ++i)
            squares += x[t * hidden + i] * x[t * hidden + i];
        result.rstd[t] = 1 / std::sqrt(squares / static_cast<double>(hidden) + eps);
        for (size_t i = 0; i < hidden; ++i)
            result.y[t * hidden + i] = x[t * hidden + i] * result.rstd[t] * weight[i];
    }
    return result;
}

/// With u = x · rstd: dWeight = Σ_t dy ∘ u and dx = rstd (dy ∘ w − u · mean(dy ∘ w ∘ u)).
RmsNormGradient rmsNormGradient(
    const Values& x, const Values& weight, const Values& rstd, const Values& dy)
{
    const size_t hidden = weight.size();
    RmsNormGradient result{.dx = Values(x.size()), .dWeight = Values(hidden)};
    for (size_t t = 0; t < rstd.size(); ++t) {
        double mean = 0;
        for (size_t i = 0; i < hidden; ++i) {
            const size_t at = t * hidden + i;
            result.dWeight[i] += dy[at] * x[at] * rstd[t];
            mean += dy[at] * weight[i] * x[at] * rstd[t] / static_cast<double>(hidden);
        }
        for (size_t i = 0; i < hidden; ++i) {
            const size_t at = t * hidden + i;
            result.dx[at] = rstd[t] * (dy[at] * weight[i] - x[at] * rstd[t] * mean);
        }
    }
    return result;
}

void ReferenceBackend::rmsNormForward(const TensorView& x, const TensorView& weight, float eps,
    const TensorView& y, const TensorView& rstd)
{
    const RmsNorm result = rmsNorm(read(x, x.elements(), "rmsNormForward: x"),
        read(weight, x.shape[x.shape.rank() - 1], "rmsNormForward: weight"), eps);
    store(y, result.y, Write::Overwrite, "rmsNormForward: y");
    store(rstd, result.rstd, Write::Overwrite, "rmsNormForward: rstd");
}

void ReferenceBackend::rmsNormBackward(const TensorView& x, const TensorView& weight,
    const TensorView& rstd, const TensorView& dy, const TensorView& dx, Write writeX,
    const TensorView& dWeight, Write writeWeight)
{
    const int64_t hidden = x.shape[x.shape.rank() - 1];
    const RmsNormGradient result = rmsNormGradient(read(x, x.elements(), "rmsNormBackward: x"),
        read(weight, hidden, "rmsNormBackward: weight"),
        read(rstd, x.elements() / hidden, "rmsNormBackward: rstd"),
        read(dy, x.elements(), "rmsNormBackward: dy"));
    store(dx, result.dx, writeX, "rmsNormBackward: dx");
    store(dWeight, result.dWeight, writeWeight, "rmsNormBackward: dWeight");
}

} // namespace moe::kernels::reference
