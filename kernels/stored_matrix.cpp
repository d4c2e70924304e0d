// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/stored_matrix.h"

#include "kernels/error.h"

#include <string>

namespace moe::kernels {

namespace {

[[noreturn]] void refuse(const StoredMatrix& matrix, const std::string& found)
{
    throw Error("stored matrix does not fit",
        "[" + std::to_string(matrix.out) + ", " + std::to_string(matrix.in) + "]: " + found,
        "codes, scales and strides of one shape");
}

int64_t scaleCount(const StoredMatrix& matrix)
{
    switch (matrix.layout) {
    case ScaleLayout::Tensor:
        return 1;
    case ScaleLayout::Row:
        return matrix.out;
    case ScaleLayout::Block:
        if (matrix.blockOut < 1 || matrix.blockIn < 1)
            refuse(matrix, "blocks of no size");
        return ((matrix.out + matrix.blockOut - 1) / matrix.blockOut)
            * ((matrix.in + matrix.blockIn - 1) / matrix.blockIn);
    case ScaleLayout::None:
        break;
    }
    return 0;
}

void check(const StoredMatrix& matrix)
{
    if (matrix.out < 1 || matrix.in < 1)
        refuse(matrix, "no rows or columns");
    if (!matrix.codes)
        refuse(matrix, "no codes");
    if (matrix.rowBytes < codeBytes(matrix.format, matrix.in))
        refuse(matrix, "rows of " + std::to_string(matrix.rowBytes) + " bytes");
    if (static_cast<int64_t>(matrix.scales.size()) != scaleCount(matrix))
        refuse(matrix,
            std::to_string(matrix.scales.size()) + " scales for "
                + std::to_string(scaleCount(matrix)));
    if (matrix.format != WeightFormat::MxFloat4)
        return;
    if (matrix.in % kMxBlock || !matrix.exponents || matrix.exponentRowBytes < matrix.in / kMxBlock)
        refuse(matrix, "MXFP4 without an exponent for each 32 elements");
}

} // namespace

HostPlaced::HostPlaced(const StoredMatrix& stored)
    : PlacedMatrix(stored.out, stored.in)
    , m_stored(stored)
{
    check(stored);
    m_scales.assign(stored.scales.begin(), stored.scales.end());
    m_stored.scales = m_scales;
}

int64_t codeBytes(WeightFormat format, int64_t in)
{
    switch (format) {
    case WeightFormat::Float32:
        return 4 * in;
    case WeightFormat::BFloat16:
    case WeightFormat::Float16:
        return 2 * in;
    case WeightFormat::MxFloat4:
        return (in + 1) / 2;
    default:
        return in;
    }
}

} // namespace moe::kernels
