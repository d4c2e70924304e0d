// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/operands.h"

#include "kernels/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace moe::kernels::cases {

using kernels::DType;
using kernels::MemoryKind;
using kernels::Shape;
using kernels::TensorView;

namespace {

constexpr int64_t kGuardBytes = 64;
constexpr auto kGuard = std::byte{0xFF}; // NaN: reading it shows

/// Half the distance between neighbours at 1.
double unitRoundoff(DType type)
{
    switch (type) {
    case DType::BFloat16:
        return std::ldexp(1.0, -8);
    case DType::Float32:
        return std::ldexp(1.0, -24);
    case DType::Float64:
        return std::ldexp(1.0, -53);
    default:
        return 0;
    }
}

std::string at(const Output& output, size_t index, double actual, double expected, double bound)
{
    char text[200];
    std::snprintf(text, sizeof text, "%s%s[%zu] is %.9g, should be %.9g ± %.2g",
        output.name.c_str(), output.array.shape.text().c_str(), index, actual, expected, bound);
    return text;
}

} // namespace

std::string difference(const Output& actual, const Output& expected)
{
    if (actual.array.values.size() != expected.array.values.size())
        return expected.name + " has another size";
    const std::vector<double>& want = expected.array.values;
    const Tolerance& tolerance = expected.tolerance;
    double largest = tolerance.magnitude;
    for (const double value : want) {
        if (std::isfinite(value))
            largest = std::max(largest, std::abs(value));
    }
    // Rounding errors of K terms of random sign add up to √K of one; a few times that never occurs.
    const double terms = 4 * unitRoundoff(DType::Float32)
            * (1 + std::sqrt(static_cast<double>(tolerance.reduction)))
        + (tolerance.precision == DType::BFloat16 ? 2 * unitRoundoff(DType::BFloat16) : 0);
    for (size_t i = 0; i < want.size(); ++i) {
        const double got = actual.array.values[i];
        const double bound = tolerance.exact
            ? 0
            : 2 * unitRoundoff(expected.array.dtype) * std::abs(want[i]) + terms * largest;
        const bool same = got == want[i] || (std::isnan(got) && std::isnan(want[i]));
        if (!same && !(std::abs(got - want[i]) <= bound))
            return at(expected, i, got, want[i], bound);
    }
    return {};
}

TensorView Operands::place(const HostArray& array, bool readOnly)
{
    const std::vector<std::byte> bytes = encode(array);
    const int64_t element = kernels::bytesOf(array.dtype);
    // Elements off the 64-byte grid: slices may start at any.
    const int64_t odd = element * static_cast<int64_t>(m_pieces.size() % 4);
    Piece piece{.memory = {},
        .before = std::vector<std::byte>(static_cast<size_t>(kGuardBytes + odd) + bytes.size()
                + static_cast<size_t>(kGuardBytes),
            kGuard),
        .first = kGuardBytes + odd,
        .bytes = static_cast<int64_t>(bytes.size()),
        .readOnly = readOnly};
    std::copy(bytes.begin(), bytes.end(), piece.before.begin() + piece.first);
    piece.memory = m_backend.allocate({static_cast<int64_t>(piece.before.size()) / element},
        array.dtype, MemoryKind::Activations);
    m_backend.upload(piece.memory, piece.before.data());
    const TensorView view = piece.memory.view().at(piece.first / element, array.shape);
    m_pieces.push_back(std::move(piece));
    return view;
}

TensorView Operands::input(const HostArray& array)
{
    return place(array, true);
}

TensorView Operands::inout(const HostArray& array)
{
    return place(array, false);
}

TensorView Operands::blank(Shape shape, DType dtype)
{
    const bool integers = dtype == DType::Int32 || dtype == DType::Int64;
    return inout({shape, dtype,
        std::vector<double>(static_cast<size_t>(shape.elements()),
            integers ? -1.0 : std::numeric_limits<double>::quiet_NaN())});
}

TensorView Operands::target(const HostArray& before, kernels::Write write)
{
    return write == kernels::Write::Add ? inout(before) : blank(before.shape, before.dtype);
}

const kernels::PackedMatrix& Operands::matrix(const HostArray& master, DType dtype)
{
    const Shape groupsOutIn
        = master.shape.rank() == 3 ? master.shape : Shape{1, master.shape[0], master.shape[1]};
    const TensorView view = input(master);
    m_matrices.push_back(m_backend.createPacked(groupsOutIn, dtype));
    m_backend.pack(*m_matrices.back(), view.as(groupsOutIn));
    return *m_matrices.back();
}

const kernels::PlacedMatrix& Operands::placed(const kernels::StoredMatrix& matrix)
{
    return *m_placed.emplace_back(m_backend.place(matrix));
}

void Operands::output(std::string name, const TensorView& view, Tolerance tolerance)
{
    m_outputs.push_back({std::move(name), {view.shape, view.dtype, {}}, tolerance});
    m_outputViews.push_back(view);
}

void Operands::check(const Piece& piece)
{
    std::vector<std::byte> after(piece.before.size());
    m_backend.download(after.data(), piece.memory);
    for (int64_t i = 0; i < static_cast<int64_t>(after.size()); ++i) {
        const bool inside = i >= piece.first && i < piece.first + piece.bytes;
        if (after[static_cast<size_t>(i)] == piece.before[static_cast<size_t>(i)]
            || (inside && !piece.readOnly))
            continue;
        throw Error(inside ? "input overwritten" : "memory beside an operand overwritten",
            "operand " + std::to_string(&piece - m_pieces.data()) + ", byte "
                + std::to_string(i - piece.first) + " of " + std::to_string(piece.bytes),
            "writes to results alone");
    }
}

std::vector<Output> Operands::finish()
{
    for (size_t i = 0; i < m_outputs.size(); ++i) {
        const TensorView& view = m_outputViews[i];
        std::vector<std::byte> bytes(static_cast<size_t>(view.bytes()));
        m_backend.download(bytes.data(), view);
        m_outputs[i].array = decode(view.shape, view.dtype, bytes.data());
    }
    for (const Piece& piece : m_pieces)
        check(piece);
    return std::move(m_outputs);
}

} // namespace moe::kernels::cases
