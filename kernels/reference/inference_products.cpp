// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Products with stored weights, and the FFNs made of them.
#include "kernels/bfloat16.h"
#include "kernels/fp8.h"
#include "kernels/reference/backend_class.h"
#include "kernels/reference/inference_formulas.h"
#include "kernels/stored_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace moe::kernels::reference {

namespace {

const StoredMatrix& storedOf(const PlacedMatrix& matrix)
{
    return static_cast<const HostPlaced&>(matrix).stored();
}

template <typename T> T valueAt(const std::byte* row, int64_t index)
{
    T value;
    std::memcpy(&value, row + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
}

double codeValue(const StoredMatrix& matrix, int64_t row, int64_t i)
{
    const std::byte* codes = matrix.codes + row * matrix.rowBytes;
    switch (matrix.format) {
    case WeightFormat::Float32:
        return valueAt<float>(codes, i);
    case WeightFormat::BFloat16:
        return valueAt<BFloat16>(codes, i);
    case WeightFormat::Float16:
        return decodeFloat16(valueAt<uint16_t>(codes, i));
    case WeightFormat::Float8E4M3:
        return decodeE4M3(valueAt<uint8_t>(codes, i));
    case WeightFormat::Float8E5M2:
        return decodeE5M2(valueAt<uint8_t>(codes, i));
    case WeightFormat::MxFloat4:
        break;
    }
    const unsigned pair = valueAt<uint8_t>(codes, i / 2);
    return static_cast<double>(kFloat4Values[i % 2 ? pair >> 4U : pair & 15U])
        * decodeExponent(matrix.exponents[row * matrix.exponentRowBytes + i / kMxBlock]);
}

double scaleOf(const StoredMatrix& matrix, int64_t row, int64_t i)
{
    switch (matrix.layout) {
    case ScaleLayout::None:
        return 1;
    case ScaleLayout::Tensor:
        return matrix.scales[0];
    case ScaleLayout::Row:
        return matrix.scales[static_cast<size_t>(row)];
    case ScaleLayout::Block:
        break;
    }
    const int64_t columns = (matrix.in + matrix.blockIn - 1) / matrix.blockIn;
    return matrix.scales[static_cast<size_t>(row / matrix.blockOut * columns + i / matrix.blockIn)];
}

Values readBias(const Linear& w)
{
    return w.bias ? read(w.bias, w.weight->out(), "linear: bias") : Values();
}

Values feedForward(const Values& x, const FeedForward& ffn, Gating gating, double limit)
{
    if (ffn.up.weight->out() != ffn.gate.weight->out()
        || ffn.down.weight->in() != ffn.gate.weight->out())
        refuse("feed-forward: down", std::to_string(ffn.down.weight->in()) + " columns",
            "as many as gate and up have rows");
    Values hidden = affine(x, *ffn.gate.weight, readBias(ffn.gate));
    const Values up = affine(x, *ffn.up.weight, readBias(ffn.up));
    for (size_t i = 0; i < hidden.size(); ++i)
        hidden[i] = gated(hidden[i], up[i], gating, limit);
    return affine(hidden, *ffn.down.weight, readBias(ffn.down));
}

Values readAddend(const TensorView& addend, int64_t elements, const char* what)
{
    return addend ? read(addend, elements, what) : Values(static_cast<size_t>(elements));
}

} // namespace

Values weightRow(const PlacedMatrix& matrix, int64_t row)
{
    const StoredMatrix& stored = storedOf(matrix);
    Values values;
    values.reserve(static_cast<size_t>(stored.in));
    for (int64_t i = 0; i < stored.in; ++i)
        values.push_back(codeValue(stored, row, i) * scaleOf(stored, row, i));
    return values;
}

Values weights(const PlacedMatrix& matrix)
{
    Values all;
    all.reserve(static_cast<size_t>(matrix.out() * matrix.in()));
    for (int64_t row = 0; row < matrix.out(); ++row) {
        const Values values = weightRow(matrix, row);
        all.insert(all.end(), values.begin(), values.end());
    }
    return all;
}

Values affine(const Values& x, const PlacedMatrix& w, const Values& bias)
{
    Values y = product(x, weights(w), w.in(), w.out());
    if (!bias.empty()) {
        for (size_t i = 0; i < y.size(); ++i)
            y[i] += bias[i % bias.size()];
    }
    return y;
}

double gated(double gate, double up, Gating gating, double limit)
{
    if (gating == Gating::Silu)
        return gate / (1 + std::exp(-gate)) * up;
    const double g = std::min(gate, limit), u = std::clamp(up, -limit, limit);
    return g / (1 + std::exp(-1.702 * g)) * (u + 1);
}

std::unique_ptr<PlacedMatrix> ReferenceBackend::place(const StoredMatrix& matrix)
{
    return std::make_unique<HostPlaced>(matrix);
}

void ReferenceBackend::embeddingRows(
    const TensorView& ids, const PlacedMatrix& table, const TensorView& out)
{
    Values rows;
    for (const int32_t id : readIndices(ids, ids.elements(), "embeddingRows: ids")) {
        if (id < 0 || id >= table.out())
            refuse("embeddingRows: id", std::to_string(id),
                "an id from 0 to " + std::to_string(table.out() - 1));
        const Values row = weightRow(table, id);
        rows.insert(rows.end(), row.begin(), row.end());
    }
    store(out, rows, Write::Overwrite, "embeddingRows: out");
}

void ReferenceBackend::linear(
    const TensorView& x, const Linear& w, const TensorView& addend, const TensorView& y)
{
    const int64_t rows = x.shape[0];
    Values result = affine(read(x, rows * w.weight->in(), "linear: x"), *w.weight, readBias(w));
    const Values more = readAddend(addend, rows * w.weight->out(), "linear: addend");
    for (size_t i = 0; i < result.size(); ++i)
        result[i] += more[i];
    store(y, result, Write::Overwrite, "linear: y");
}

void ReferenceBackend::headLinear(
    const TensorView& x, const PlacedMatrix& w, int64_t heads, bool transposed, const TensorView& y)
{
    if (heads < 1 || w.out() % heads)
        refuse("headLinear: weight", std::to_string(w.out()) + " rows", "a multiple of the heads");
    const auto rowsOfHead = static_cast<size_t>(w.out() / heads);
    const auto columns = static_cast<size_t>(w.in());
    const size_t a = transposed ? rowsOfHead : columns, b = transposed ? columns : rowsOfHead;
    const int64_t tokens = x.shape[0];
    const Values in = read(x, tokens * heads * static_cast<int64_t>(a), "headLinear: x");
    const Values matrix = weights(w);
    Values out(static_cast<size_t>(tokens * heads) * b);
    for (size_t row = 0; row < static_cast<size_t>(tokens * heads); ++row) {
        const size_t first = row % static_cast<size_t>(heads) * rowsOfHead;
        for (size_t r = 0; r < rowsOfHead; ++r) {
            for (size_t c = 0; c < columns; ++c) {
                const size_t from = transposed ? r : c, to = transposed ? c : r;
                out[row * b + to] += in[row * a + from] * matrix[(first + r) * columns + c];
            }
        }
    }
    store(y, out, Write::Overwrite, "headLinear: y");
}

void ReferenceBackend::expertRows(const TensorView& x, std::span<const FeedForward> experts,
    Gating gating, float limit, const TensorView& chosen, const TensorView& weights,
    const TensorView& addend, const TensorView& y)
{
    const int64_t tokens = chosen.shape[0], topK = chosen.shape[1];
    const Indices choice = readIndices(chosen, tokens * topK, "expertRows: chosen");
    const Values share = read(weights, tokens * topK, "expertRows: weights");
    const int64_t hidden = x.shape[1];
    const Values in = read(x, tokens * hidden, "expertRows: x");
    Values sum = readAddend(addend, tokens * hidden, "expertRows: addend");
    const auto count = static_cast<std::ptrdiff_t>(hidden);
    for (size_t i = 0; i < choice.size(); ++i) {
        const int32_t e = choice[i];
        if (e < 0 || static_cast<size_t>(e) >= experts.size())
            refuse("expertRows: chosen", std::to_string(e),
                "an expert from 0 to " + std::to_string(static_cast<int64_t>(experts.size()) - 1));
        const size_t row = i / static_cast<size_t>(topK);
        const auto begin = in.begin() + static_cast<std::ptrdiff_t>(row) * count;
        const Values result
            = feedForward({begin, begin + count}, experts[static_cast<size_t>(e)], gating, limit);
        for (size_t c = 0; c < result.size(); ++c)
            sum[row * static_cast<size_t>(hidden) + c] += share[i] * result[c];
    }
    store(y, sum, Write::Overwrite, "expertRows: y");
}

void ReferenceBackend::feedForwardRows(const TensorView& x, const FeedForward& ffn, Gating gating,
    float limit, const TensorView& gate, const TensorView& addend, const TensorView& y)
{
    const int64_t tokens = x.shape[0], out = ffn.down.weight->out();
    Values result = feedForward(
        read(x, tokens * ffn.gate.weight->in(), "feedForwardRows: x"), ffn, gating, limit);
    const Values open = gate ? read(gate, tokens, "feedForwardRows: gate") : Values();
    const Values more = readAddend(addend, tokens * out, "feedForwardRows: addend");
    for (size_t i = 0; i < result.size(); ++i) {
        const double factor
            = open.empty() ? 1 : 1 / (1 + std::exp(-open[i / static_cast<size_t>(out)]));
        result[i] = result[i] * factor + more[i];
    }
    store(y, result, Write::Overwrite, "feedForwardRows: y");
}

} // namespace moe::kernels::reference
