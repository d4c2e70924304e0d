// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cases/stored_weight.h"
#include "kernels/stored_matrix.h"

#include <cmath>

namespace moe::kernels::cases {

namespace {

constexpr Tolerance kExact{.exact = true};

struct Sizes {
    int64_t rows, in, out;
};

/// Odd ones, and more than one block of 128 with a ragged rest; whole blocks of 32 for MXFP4.
std::vector<Sizes> sizesOf(const WeightKind& kind)
{
    if (kind.format == WeightFormat::MxFloat4)
        return {{1, 32, 1}, {3, 96, 51}, {5, 352, 131}, {33, 160, 67}};
    return {{1, 1, 1}, {1, 333, 131}, {2, 37, 51}, {7, 200, 130}, {13, 129, 9}, {70, 260, 35}};
}

/// Weights of more than bfloat16's fraction are rounded to it beside bfloat16 activations.
DType precisionOf(const WeightKind& kind, DType act)
{
    const bool wide = kind.format == WeightFormat::Float32 || kind.format == WeightFormat::Float16;
    return wide ? act : DType::Float32;
}

/// How large a product with inputs of variance 1 is: a row's length. Where terms cancel, their
/// rounding does not.
double magnitudeOf(const StoredWeight& weight)
{
    std::vector<float> row(static_cast<size_t>(weight.in));
    double squares = 0;
    for (int64_t r = 0; r < weight.out; ++r) {
        widenRow(weight.matrix(), r, row.data());
        for (const float value : row)
            squares += double{value} * double{value};
    }
    return std::sqrt(squares / static_cast<double>(weight.out));
}

enum class Addend : uint8_t { None, Apart, Result };

OpCase linearCase(RandomInputs& random, const WeightKind& kind, const Sizes& sizes, DType act,
    DType result, Addend addend, bool bias)
{
    constexpr const char* kAddends[] = {"", ", addend", ", addend is y"};
    const StoredWeight weight = storedWeight(random, kind, sizes.out, sizes.in);
    const HostArray x = random.normal({sizes.rows, sizes.in}, act);
    const HostArray more = random.normal({sizes.rows, sizes.out}, result);
    const HostArray added = random.normal({sizes.out}, DType::Float32);
    const Tolerance tolerance{.reduction = sizes.in,
        .precision = precisionOf(kind, act),
        .magnitude = magnitudeOf(weight) + (bias || addend != Addend::None ? 1.0 : 0.0)};
    return {text("linear %ld x %ld -> %ld, %s, %s -> %s%s%s", sizes.rows, sizes.in, sizes.out,
                nameOf(kind).c_str(), kernels::nameOf(act), kernels::nameOf(result),
                kAddends[static_cast<int>(addend)], bias ? ", bias" : ""),
        [=](Operands& in) {
            const TensorView y
                = addend == Addend::Result ? in.inout(more) : in.blank(more.shape, result);
            const TensorView term = addend == Addend::None ? TensorView()
                : addend == Addend::Apart                  ? in.input(more)
                                                           : y;
            const Linear linear{&in.placed(weight.matrix()), bias ? in.input(added) : TensorView()};
            in.backend().linear(in.input(x), linear, term, y);
            in.output("y", y, tolerance);
        }};
}

/// A NaN among the codes makes NaN of its row of W alone.
OpCase notANumberCase(RandomInputs& random, DType act)
{
    StoredWeight weight
        = storedWeight(random, {WeightFormat::Float8E4M3, ScaleLayout::Row}, 37, 150);
    const StoredMatrix matrix = weight.matrix();
    const int64_t first = matrix.codes - weight.memory.data();
    weight.memory[static_cast<size_t>(first + 5 * matrix.rowBytes + 149)] = std::byte{0x7F};
    weight.memory[static_cast<size_t>(first + 36 * matrix.rowBytes)] = std::byte{0xFF};
    const HostArray x = random.normal({9, 150}, act);
    return {text("linear with NaN codes, %s", kernels::nameOf(act)), [=](Operands& in) {
                const TensorView y = in.blank({9, 37}, act);
                in.backend().linear(in.input(x), {&in.placed(weight.matrix()), {}}, {}, y);
                in.output("y", y, {.reduction = 150});
            }};
}

OpCase embeddingCase(RandomInputs& random, const WeightKind& kind, int64_t tokens, DType act)
{
    constexpr int64_t kVocabulary = 150, kHidden = 160;
    const StoredWeight table = storedWeight(random, kind, kVocabulary, kHidden);
    const HostArray ids = hostArray({tokens}, random.ids(tokens, kVocabulary));
    return {text("embeddingRows %ld tokens, %s to %s", tokens, nameOf(kind).c_str(),
                kernels::nameOf(act)),
        [=](Operands& in) {
            const TensorView out = in.blank({tokens, kHidden}, act);
            in.backend().embeddingRows(in.input(ids), in.placed(table.matrix()), out);
            in.output("out", out, kExact);
        }};
}

struct HeadSizes {
    int64_t rows, heads, rowsOfHead, columns;
};

OpCase headCase(RandomInputs& random, const WeightKind& kind, const HeadSizes& sizes,
    bool transposed, DType act)
{
    const int64_t a = transposed ? sizes.rowsOfHead : sizes.columns;
    const int64_t b = transposed ? sizes.columns : sizes.rowsOfHead;
    const StoredWeight weight
        = storedWeight(random, kind, sizes.heads * sizes.rowsOfHead, sizes.columns);
    const HostArray x = random.normal({sizes.rows, sizes.heads, a}, act);
    const Tolerance tolerance{
        .reduction = a, .precision = precisionOf(kind, act), .magnitude = magnitudeOf(weight)};
    return {text("headLinear %ld rows, %ld heads of %ld x %ld%s, %s, %s", sizes.rows, sizes.heads,
                sizes.rowsOfHead, sizes.columns, transposed ? ", transposed" : "",
                nameOf(kind).c_str(), kernels::nameOf(act)),
        [=](Operands& in) {
            const TensorView y = in.blank({sizes.rows, sizes.heads, b}, act);
            in.backend().headLinear(
                in.input(x), in.placed(weight.matrix()), sizes.heads, transposed, y);
            in.output("y", y, tolerance);
        }};
}

} // namespace

std::vector<OpCase> inferenceProductCases(RandomInputs& random)
{
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const WeightKind& kind : weightKinds()) {
            for (const Sizes& sizes : sizesOf(kind)) {
                cases.push_back(linearCase(random, kind, sizes, act, act, Addend::None, false));
                cases.push_back(linearCase(random, kind, sizes, act, act, Addend::Result, true));
            }
            const Sizes sizes = sizesOf(kind)[1];
            cases.push_back(linearCase(random, kind, sizes, act, act, Addend::Apart, false));
            cases.push_back(
                linearCase(random, kind, sizes, act, DType::Float32, Addend::Result, true));
            cases.push_back(embeddingCase(random, kind, 1, act));
            cases.push_back(embeddingCase(random, kind, 29, act));
        }
        cases.push_back(notANumberCase(random, act));
        for (const WeightKind& kind :
            {WeightKind{WeightFormat::Float32}, WeightKind{WeightFormat::BFloat16},
                WeightKind{WeightFormat::Float8E4M3, ScaleLayout::Block}}) {
            for (const HeadSizes& sizes : {HeadSizes{1, 1, 3, 5}, HeadSizes{1, 4, 48, 136},
                     HeadSizes{7, 3, 37, 51}, HeadSizes{33, 2, 20, 64}}) {
                for (const bool transposed : {false, true})
                    cases.push_back(headCase(random, kind, sizes, transposed, act));
            }
        }
    }
    return cases;
}

} // namespace moe::kernels::cases
