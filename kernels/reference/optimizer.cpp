// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

#include <cmath>

namespace moe::kernels::reference {

void ReferenceBackend::adamw(const TensorView& parameter, const TensorView& gradient,
    const TensorView& m, const TensorView& v, const AdamW& settings)
{
    const int64_t count = parameter.elements();
    Values p = read(parameter, count, "adamw: parameter");
    const Values g = read(gradient, count, "adamw: gradient");
    Values first = read(m, count, "adamw: m");
    Values second = read(v, count, "adamw: v");
    const double beta1 = settings.beta1;
    const double beta2 = settings.beta2;
    const double lr = settings.lr;
    const double correction1 = 1 - std::pow(beta1, static_cast<double>(settings.step));
    const double correction2 = 1 - std::pow(beta2, static_cast<double>(settings.step));
    for (size_t i = 0; i < p.size(); ++i) {
        const double scaled = g[i] * settings.gradientScale;
        first[i] = beta1 * first[i] + (1 - beta1) * scaled;
        second[i] = beta2 * second[i] + (1 - beta2) * scaled * scaled;
        p[i] = p[i] * (1 - lr * settings.weightDecay)
            - lr * (first[i] / correction1) / (std::sqrt(second[i] / correction2) + settings.eps);
    }
    store(parameter, p, Write::Overwrite, "adamw: parameter");
    store(m, first, Write::Overwrite, "adamw: m");
    store(v, second, Write::Overwrite, "adamw: v");
}

void ReferenceBackend::sumOfSquares(const TensorView& x, const TensorView& sum)
{
    double total = 0;
    for (const double value : read(x, x.elements(), "sumOfSquares: x"))
        total += value * value;
    if (sum.dtype != DType::Float64)
        refuse("sumOfSquares: sum", nameOf(sum.dtype), "float64");
    store(sum, Values{total}, Write::Add, "sumOfSquares: sum");
}

void ReferenceBackend::gram(const TensorView& rows, const TensorView& gram)
{
    const int64_t n = rows.shape[0];
    const int64_t m = rows.elements() / n;
    const Values values = read(rows, n * m, "gram: rows");
    if (gram.dtype != DType::Float64)
        refuse("gram: gram", nameOf(gram.dtype), "float64");
    store(gram, product(values, values, m, n), Write::Add, "gram: gram");
}

} // namespace moe::kernels::reference
