// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Cross-entropy over the head's logits, a chunk of tokens at a time: logits, softmax and gradient
// share one buffer of [chunk, V].
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/grouped.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// Tokens of a chunk: a buffer of about 32 MB, and rows enough for the products.
int64_t chunkRows(int64_t vocabulary)
{
    constexpr int64_t kFloats = 8 << 20;
    return roundUp(smaller(1024, larger(96, kFloats / vocabulary)), 2 * kTileRows);
}

/// −log softmax(z)[target]; leaves e^(z − max) in z and their sum in `total`.
double rowLoss(float* z, int64_t vocabulary, int64_t target, float& total)
{
    Vec best = splat(-__builtin_inff());
    int64_t i = 0;
    for (; i + kLanes <= vocabulary; i += kLanes)
        best = maximum(best, load(z + i));
    float most = greatest(best);
    for (; i < vocabulary; ++i)
        most = z[i] > most ? z[i] : most;
    const double shifted = static_cast<double>(z[target]) - static_cast<double>(most);
    Vec sums{};
    eachVector(vocabulary, [&](int64_t j, auto part) {
        const Vec e = exponential(part.load(z + j) - most);
        part.store(z + j, e);
        sums += j + kLanes <= vocabulary ? e : loadPart(z + j, vocabulary - j);
    });
    total = sum(sums);
    return __builtin_log(static_cast<double>(total)) - shifted;
}

/// d = scale (softmax − onehot) over the e^(z − max) of a row; in bfloat16 it takes the first half.
template <typename Act>
void rowGradient(float* z, int64_t vocabulary, int64_t target, float factor, float scale)
{
    auto* d = reinterpret_cast<Act*>(z);
    const float atTarget = z[target] * factor - scale;
    eachVector(
        vocabulary, [&](int64_t j, auto part) { part.store(d + j, part.load(z + j) * factor); });
    storePart(d + target, splat(atTarget), 1);
    if (kIsBf16<Act> && vocabulary % 2 != 0)
        d[vocabulary] = Act();
}

struct Head {
    const CpuPacked& w;
    ThreadPool& pool;
    float* logits; ///< [chunk, stride]
    int64_t stride;
};

template <typename Act, typename Scratch>
void chunkLogits(const Head& head, const Scratch& threadScratch, WordRows x, int64_t rows)
{
    const int64_t panels = ceilDiv(head.w.out(), kPanel);
    parallel(head.pool, panels, [&](int64_t panel, int thread) {
        const int64_t column = panel * kPanel;
        rowsTimesColumns<kIsBf16<Act>, Way::Forward>(x, {0, 0, rows}, head.w, column,
            smaller(kPanel, head.w.out() - column), head.pool.threads() * kPanel,
            static_cast<float*>(
                threadScratch(thread, panelScratchWords<kIsBf16<Act>, Way::Forward>(head.w) * 4)),
            [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                storeTile<float>(
                    tile, count, cols, nullptr, head.logits + row * head.stride + col, head.stride);
            });
    });
}

template <typename Act, typename Scratch>
void chunkDx(const Head& head, const Scratch& threadScratch, int64_t rows, Act* dx)
{
    const int64_t hidden = head.w.in(), panels = ceilDiv(hidden, kPanel);
    const int64_t step = roundUp(ceilDiv(rows, larger(1, ceilDiv(rows, 256))), kTileRows);
    const WordRows slopes{head.logits, head.stride};
    parallel(head.pool, ceilDiv(rows, step) * panels, [&](int64_t job, int thread) {
        const int64_t column = job % panels * kPanel, first = job / panels * step;
        rowsTimesColumns<kIsBf16<Act>, Way::Backward>(slopes,
            {0, first, smaller(step, rows - first)}, head.w, column,
            smaller(kPanel, hidden - column), head.pool.threads() * kPanel,
            static_cast<float*>(
                threadScratch(thread, panelScratchWords<kIsBf16<Act>, Way::Backward>(head.w) * 4)),
            [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                storeTile<Act>(tile, count, cols, nullptr, dx + row * hidden + col, hidden);
            });
    });
}

template <typename Act, typename Scratch>
void chunkDw(
    const Head& head, const Scratch& threadScratch, int64_t rows, const Act* x, float* dW, bool add)
{
    const int64_t hidden = head.w.in(), vocabulary = head.w.out();
    const int64_t step = smaller(512, hidden), across = ceilDiv(hidden, step);
    const int64_t rowStep = 42 * kTileRows;
    const int64_t ldSlopes = head.stride * (kIsBf16<Act> ? 2 : 1);
    parallel(head.pool, ceilDiv(vocabulary, rowStep) * across, [&](int64_t job, int thread) {
        const int64_t row = job / across * rowStep, col = job % across * step;
        outerProduct(smaller(rowStep, vocabulary - row), smaller(step, hidden - col), rows,
            reinterpret_cast<const Act*>(head.logits) + row, ldSlopes, x + col, hidden,
            dW + row * hidden + col, hidden, add,
            static_cast<Word*>(threadScratch(thread, outerScratchWords(rowStep) * 4)));
    });
}

} // namespace

void CpuBackend::headLossForward(
    const TensorView& x, const PackedMatrix& w, const TensorView& targets, const TensorView& loss)
{
    headLossForwardBackward(x, w, targets, 0.0F, loss, {}, {}, Write::Overwrite);
}

void CpuBackend::headLossForwardBackward(const TensorView& x, const PackedMatrix& w,
    const TensorView& targets, float scale, const TensorView& loss, const TensorView& dx,
    const TensorView& dW, Write write)
{
    const int64_t tokens = x.shape[0], hidden = w.in(), vocabulary = w.out();
    checkIndices(targets, vocabulary, "target id");
    const int64_t step = smaller(chunkRows(vocabulary), roundUp(larger(tokens, 1), kTileRows));
    const int64_t stride = roundUp(vocabulary, kPanel);
    const Head head{static_cast<const CpuPacked&>(w), pool(),
        static_cast<float*>(scratch(kSlotA, step * stride * 4)), stride};
    auto* losses = static_cast<double*>(scratch(kSlotC, step * 8));
    const auto perThread = [&](int thread, int64_t bytes) {
        return threadScratch(thread, bytes);
    };
    const auto* target = targets.host<int32_t>();
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        for (int64_t first = 0; first < tokens; first += step) {
            const int64_t rows = smaller(step, tokens - first);
            const Act* input = x.host<Act>() + first * hidden;
            chunkLogits<Act>(head, perThread,
                wordRows(
                    input, rows, hidden, [&](int64_t bytes) { return scratch(kSlotB, bytes); }),
                rows);
            parallel(pool(), rows, [&](int64_t row, int) {
                float* z = head.logits + row * stride;
                const int64_t id = target[first + row];
                float total = 0.0F;
                losses[row] = rowLoss(z, vocabulary, id, total);
                if (dx)
                    rowGradient<Act>(z, vocabulary, id, scale / total, scale);
            });
            for (int64_t row = 0; row < rows; ++row)
                loss.host<double>()[0] += losses[row];
            if (!dx)
                continue;
            chunkDw(
                head, perThread, rows, input, dW.host<float>(), first > 0 || write == Write::Add);
            chunkDx(head, perThread, rows, dx.host<Act>() + first * hidden);
        }
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
