// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

namespace moe::kernels::reference {

Values product(const Values& x, const Values& w, int64_t in, int64_t out)
{
    const auto columns = static_cast<size_t>(in);
    const auto outs = static_cast<size_t>(out);
    const size_t rows = x.size() / columns;
    Values y(rows * outs);
    for (size_t r = 0; r < rows; ++r) {
        for (size_t o = 0; o < outs; ++o) {
            double sum = 0;
            for (size_t i = 0; i < columns; ++i)
                sum += x[r * columns + i] * w[o * columns + i];
            y[r * outs + o] = sum;
        }
    }
    return y;
}

Values productGradientX(const Values& dy, const Values& w, int64_t in, int64_t out)
{
    const auto columns = static_cast<size_t>(in);
    const auto outs = static_cast<size_t>(out);
    const size_t rows = dy.size() / outs;
    Values dx(rows * columns);
    for (size_t r = 0; r < rows; ++r) {
        for (size_t o = 0; o < outs; ++o) {
            for (size_t i = 0; i < columns; ++i)
                dx[r * columns + i] += dy[r * outs + o] * w[o * columns + i];
        }
    }
    return dx;
}

Values productGradientW(const Values& dy, const Values& x, int64_t in, int64_t out)
{
    const auto columns = static_cast<size_t>(in);
    const auto outs = static_cast<size_t>(out);
    const size_t rows = dy.size() / outs;
    Values dW(outs * columns);
    for (size_t r = 0; r < rows; ++r) {
        for (size_t o = 0; o < outs; ++o) {
            for (size_t i = 0; i < columns; ++i)
                dW[o * columns + i] += dy[r * outs + o] * x[r * columns + i];
        }
    }
    return dW;
}

namespace {

void checkMatrix(const TensorView& x, const PackedMatrix& w)
{
    if (w.groups() != 1)
        refuse("projection: weight", std::to_string(w.groups()) + " groups", "one group");
    if (w.dtype() != x.dtype && w.dtype() != DType::Float32)
        refuse("projection: weight", nameOf(w.dtype()), "the type of x, or float32");
}

} // namespace

void ReferenceBackend::projectionForward(
    const TensorView& x, const PackedMatrix& w, const TensorView& addend, const TensorView& y)
{
    checkMatrix(x, w);
    const int64_t rows = x.elements() / w.in();
    Values result
        = product(read(x, rows * w.in(), "projectionForward: x"), read(w), w.in(), w.out());
    if (addend) {
        const Values more = read(addend, rows * w.out(), "projectionForward: addend");
        for (size_t i = 0; i < result.size(); ++i)
            result[i] += more[i];
    }
    store(y, result, Write::Overwrite, "projectionForward: y");
}

void ReferenceBackend::projectionBackward(const TensorView& x, const PackedMatrix& w,
    const TensorView& dy, const TensorView& dx, Write writeX, const TensorView& dW, Write writeW)
{
    checkMatrix(x, w);
    const int64_t rows = x.elements() / w.in();
    const Values gradient = read(dy, rows * w.out(), "projectionBackward: dy");
    store(dW,
        productGradientW(
            gradient, read(x, rows * w.in(), "projectionBackward: x"), w.in(), w.out()),
        writeW, "projectionBackward: dW");
    if (dx)
        store(dx, productGradientX(gradient, read(w), w.in(), w.out()), writeX,
            "projectionBackward: dx");
}

} // namespace moe::kernels::reference
