// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Stored matrices as float32, and parts of them.
#include "engine/base/files.h"
#include "engine/checkpoint/quantized_matrix.h"
#include "kernels/bfloat16.h"
#include "kernels/fp8.h"

#include <numeric>

namespace moe::checkpoint {

namespace {

using kernels::ScaleLayout;
using kernels::StoredMatrix;
using kernels::WeightFormat;

template <typename Stored, typename Decode>
void decodeRow(const std::byte* from, int64_t count, float* to, const Decode& decode)
{
    for (int64_t i = 0; i < count; ++i)
        to[i]
            = decode(base::readUnaligned<Stored>(from + i * static_cast<int64_t>(sizeof(Stored))));
}

void decodeMxRow(const StoredMatrix& matrix, int64_t row, float* to)
{
    const std::byte* codes = matrix.codes + row * matrix.rowBytes;
    const uint8_t* exponents = matrix.exponents + row * matrix.exponentRowBytes;
    for (int64_t i = 0; i < matrix.in; ++i) {
        const auto pair = static_cast<uint8_t>(codes[i / 2]);
        const auto code = static_cast<uint8_t>(i % 2 ? pair >> 4U : pair);
        to[i] = kernels::decodeFloat4(code)
            * kernels::decodeExponent(exponents[i / kernels::kMxBlock]);
    }
}

void decodeRow(const StoredMatrix& matrix, int64_t row, float* to)
{
    const std::byte* from = matrix.codes + row * matrix.rowBytes;
    switch (matrix.format) {
    case WeightFormat::Float32:
        return decodeRow<float>(from, matrix.in, to, [](float value) { return value; });
    case WeightFormat::BFloat16:
        return decodeRow<uint16_t>(from, matrix.in, to, [](uint16_t bits) {
            kernels::BFloat16 value;
            value.bits = bits;
            return static_cast<float>(value);
        });
    case WeightFormat::Float16:
        return decodeRow<uint16_t>(from, matrix.in, to, kernels::decodeFloat16);
    case WeightFormat::Float8E4M3:
        return decodeRow<uint8_t>(from, matrix.in, to, kernels::decodeE4M3);
    case WeightFormat::Float8E5M2:
        return decodeRow<uint8_t>(from, matrix.in, to, kernels::decodeE5M2);
    case WeightFormat::MxFloat4:
        return decodeMxRow(matrix, row, to);
    }
}

/// Scales of a row of blocks, one for each blockIn columns.
int64_t blockColumns(const StoredMatrix& matrix)
{
    return (matrix.in + matrix.blockIn - 1) / matrix.blockIn;
}

void scaleRow(const StoredMatrix& matrix, int64_t row, float* to)
{
    if (matrix.layout == ScaleLayout::None)
        return;
    const bool isBlock = matrix.layout == ScaleLayout::Block;
    const int64_t width = isBlock ? matrix.blockIn : matrix.in;
    const int64_t first = isBlock           ? row / matrix.blockOut * blockColumns(matrix)
        : matrix.layout == ScaleLayout::Row ? row
                                            : 0;
    for (int64_t i = 0; i < matrix.in; ++i)
        to[i] *= matrix.scales[static_cast<size_t>(first + i / width)];
}

} // namespace

void dequantize(const StoredMatrix& matrix, float* to)
{
    for (int64_t row = 0; row < matrix.out; ++row) {
        decodeRow(matrix, row, to + row * matrix.in);
        scaleRow(matrix, row, to + row * matrix.in);
    }
}

void readFloat32(
    const WeightFiles& files, const Dialect& dialect, const std::string& name, float* to)
{
    const StoredTensor& tensor = files.get(name);
    ScaleStore scales;
    if (!isQuantized(tensor)) {
        tensor.toFloat32(to);
    } else if (tensor.shape.size() == 3) {
        const int64_t elements = tensor.shape[1] * tensor.shape[2];
        for (int64_t i = 0; i < tensor.shape[0]; ++i)
            dequantize(storedExpert(files, dialect, name, i, scales), to + i * elements);
    } else {
        dequantize(storedMatrix(files, dialect, name, scales), to);
    }
}

StoredMatrix rowsOf(const StoredMatrix& matrix, int64_t first, int64_t count, ScaleStore& scales)
{
    StoredMatrix part = matrix;
    part.out = count;
    part.codes += first * matrix.rowBytes;
    if (matrix.exponents)
        part.exponents += first * matrix.exponentRowBytes;
    const auto begin = static_cast<size_t>(first), size = static_cast<size_t>(count);
    if (matrix.layout == ScaleLayout::Row)
        part.scales = matrix.scales.subspan(begin, size);
    if (matrix.layout != ScaleLayout::Block)
        return part;
    // The largest height of which both the cut and the old blocks are multiples; whole blocks stay.
    part.blockOut = std::gcd(first, matrix.blockOut);
    std::vector<float> kept;
    for (int64_t row = first; row < first + count; row += part.blockOut) {
        const auto old = matrix.scales.begin() + row / matrix.blockOut * blockColumns(matrix);
        kept.insert(kept.end(), old, old + blockColumns(matrix));
    }
    part.scales = scales.emplace_back(std::move(kept));
    return part;
}

} // namespace moe::checkpoint
