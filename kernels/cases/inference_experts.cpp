// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cases/stored_weight.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moe::kernels::cases {

namespace {

constexpr float kLimit = 1.5F; // reached by some of the values

struct Sizes {
    int64_t hidden, ffn;
};

/// One expert or dense FFN with its biases.
struct StoredFfn {
    StoredWeight gate, up, down;
    HostArray gateBias, upBias, downBias;
    bool bias = false;

    FeedForward in(Operands& operands) const
    {
        const auto linear = [&](const StoredWeight& weight, const HostArray& values) {
            return Linear{
                &operands.placed(weight.matrix()), bias ? operands.input(values) : TensorView()};
        };
        return {linear(gate, gateBias), linear(up, upBias), linear(down, downBias)};
    }
};

StoredFfn storedFfn(RandomInputs& random, const WeightKind& kind, const Sizes& sizes, bool bias)
{
    return {.gate = storedWeight(random, kind, sizes.ffn, sizes.hidden),
        .up = storedWeight(random, kind, sizes.ffn, sizes.hidden),
        .down = storedWeight(random, kind, sizes.hidden, sizes.ffn),
        .gateBias = random.normal({sizes.ffn}, DType::Float32),
        .upBias = random.normal({sizes.ffn}, DType::Float32),
        .downBias = random.normal({sizes.hidden}, DType::Float32),
        .bias = bias};
}

const char* nameOf(Gating gating)
{
    return gating == Gating::Silu ? "silu" : "clamped swish";
}

enum class Addend : uint8_t { None, Apart, Result };
constexpr const char* kAddends[] = {"", ", addend", ", addend is y"};

/// Where the addend and the result stand.
struct Result {
    TensorView addend, y;
};
Result resultOf(Operands& in, const HostArray& more, Addend addend)
{
    const TensorView y
        = addend == Addend::Result ? in.inout(more) : in.blank(more.shape, more.dtype);
    if (addend == Addend::None)
        return {{}, y};
    return {addend == Addend::Apart ? in.input(more) : y, y};
}

/// Between the products stand values of the activations' type.
Tolerance toleranceOf(const Sizes& sizes, DType act)
{
    return {.reduction = sizes.hidden + sizes.ffn, .precision = act, .magnitude = 1};
}

/// topK different experts for each row: random, or those of the pattern.
enum class Choice : uint8_t { Random, AllOnOne, FewOfMany };
constexpr const char* kChoices[] = {"random", "all on one", "few of many"};

std::vector<int32_t> choices(
    RandomInputs& random, Choice choice, int64_t rows, int64_t topK, int64_t experts)
{
    std::vector<int32_t> chosen;
    for (int64_t row = 0; row < rows; ++row) {
        std::vector<int32_t> left(static_cast<size_t>(experts));
        std::iota(left.begin(), left.end(), 0);
        for (int64_t j = 0; j < topK; ++j) {
            // The same expert first for all, or the same topK + 1 for all.
            const auto count = static_cast<int64_t>(left.size());
            const int64_t at = choice == Choice::AllOnOne && j == 0 ? count / 2
                : choice == Choice::FewOfMany ? random.below(std::min<int64_t>(2, count))
                                              : random.below(count);
            chosen.push_back(left[static_cast<size_t>(at)]);
            left.erase(left.begin() + at);
        }
    }
    return chosen;
}

struct Routing {
    int64_t rows, topK, experts;
    Choice choice;
};

OpCase expertsCase(RandomInputs& random, const WeightKind& kind, const Sizes& sizes,
    const Routing& routing, DType act, DType result, Gating gating, Addend addend)
{
    const bool bias = gating == Gating::ClampedSwish;
    std::vector<StoredFfn> experts;
    experts.reserve(static_cast<size_t>(routing.experts));
    for (int64_t e = 0; e < routing.experts; ++e)
        experts.push_back(storedFfn(random, kind, sizes, bias));
    const HostArray x = random.normal({routing.rows, sizes.hidden}, act);
    const HostArray more = random.normal(x.shape, result);
    const HostArray chosen = hostArray({routing.rows, routing.topK},
        choices(random, routing.choice, routing.rows, routing.topK, routing.experts));
    HostArray weights = random.normal(chosen.shape, DType::Float32);
    for (double& weight : weights.values)
        weight = static_cast<float>(std::abs(weight));
    return {
        text("expertRows %ld rows, top %ld of %ld (%s), hidden %ld, FFN %ld, %s, %s, %s -> %s%s",
            routing.rows, routing.topK, routing.experts, kChoices[static_cast<int>(routing.choice)],
            sizes.hidden, sizes.ffn, nameOf(gating), nameOf(kind).c_str(), kernels::nameOf(act),
            kernels::nameOf(result), kAddends[static_cast<int>(addend)]),
        [=](Operands& in) {
            std::vector<FeedForward> placed;
            placed.reserve(experts.size());
            for (const StoredFfn& expert : experts)
                placed.push_back(expert.in(in));
            const Result to = resultOf(in, more, addend);
            in.backend().expertRows(in.input(x), placed, gating, kLimit, in.input(chosen),
                in.input(weights), to.addend, to.y);
            in.output("y", to.y, toleranceOf(sizes, act));
        }};
}

OpCase feedForwardCase(RandomInputs& random, const WeightKind& kind, const Sizes& sizes,
    int64_t rows, DType act, DType result, Gating gating, Addend addend, bool gated)
{
    const StoredFfn ffn = storedFfn(random, kind, sizes, gating == Gating::ClampedSwish);
    const HostArray x = random.normal({rows, sizes.hidden}, act);
    const HostArray more = random.normal(x.shape, result);
    const HostArray gate = random.normal({rows, 1}, DType::Float32);
    return {text("feedForwardRows %ld rows, hidden %ld, FFN %ld, %s, %s, %s -> %s%s%s", rows,
                sizes.hidden, sizes.ffn, nameOf(gating), nameOf(kind).c_str(), kernels::nameOf(act),
                kernels::nameOf(result), kAddends[static_cast<int>(addend)], gated ? ", gate" : ""),
        [=](Operands& in) {
            const Result to = resultOf(in, more, addend);
            in.backend().feedForwardRows(in.input(x), ffn.in(in), gating, kLimit,
                gated ? in.input(gate) : TensorView(), to.addend, to.y);
            in.output("y", to.y, toleranceOf(sizes, act));
        }};
}

} // namespace

std::vector<OpCase> inferenceExpertCases(RandomInputs& random)
{
    constexpr Routing kRoutings[] = {{1, 1, 1, Choice::Random}, {1, 2, 5, Choice::Random},
        {3, 2, 4, Choice::AllOnOne}, {19, 3, 7, Choice::Random}, {70, 1, 6, Choice::AllOnOne},
        {41, 2, 9, Choice::FewOfMany}};
    std::vector<OpCase> cases;
    for (const DType act : kActivationTypes) {
        for (const WeightKind& kind : weightKinds()) {
            const bool mx = kind.format == WeightFormat::MxFloat4;
            const Sizes sizes = mx ? Sizes{96, 160} : Sizes{133, 151};
            cases.push_back(expertsCase(random, kind, sizes, {1, 2, 4, Choice::Random}, act,
                DType::Float32, Gating::Silu, Addend::Result));
            cases.push_back(expertsCase(random, kind, sizes, {23, 2, 3, Choice::Random}, act, act,
                Gating::ClampedSwish, Addend::None));
            cases.push_back(feedForwardCase(
                random, kind, sizes, 1, act, DType::Float32, Gating::Silu, Addend::Result, false));
            cases.push_back(feedForwardCase(
                random, kind, sizes, 21, act, act, Gating::ClampedSwish, Addend::Apart, true));
        }
        const WeightKind kind{WeightFormat::Float8E4M3, ScaleLayout::Row};
        for (const Routing& routing : kRoutings) {
            for (const Gating gating : {Gating::Silu, Gating::ClampedSwish})
                cases.push_back(
                    expertsCase(random, kind, {37, 51}, routing, act, act, gating, Addend::Apart));
        }
        for (const int64_t rows : {1, 3, 70})
            cases.push_back(feedForwardCase(
                random, kind, {64, 96}, rows, act, act, Gating::Silu, Addend::None, true));
    }
    return cases;
}

} // namespace moe::kernels::cases
