// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// a = silu(g) ∘ u with g, u the two halves of gateUpOut; y = a W2ᵀ. Backward, σ = sigmoid(g):
// da = dy W2, du = da ∘ g σ, dg = da ∘ u σ (1 + g (1 − σ)), dx = [dg, du] [W1; W3].
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/grouped.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kMostRows = 512;

int64_t pieceBytes(int64_t rows, int64_t experts)
{
    return (rows / kMostRows + experts) * int64_t{sizeof(Piece)};
}

/// up and a of a tile, whose gate stands in memory already.
template <typename Act>
void gateTile(const float* tile, int64_t rows, int64_t cols, const Act* gate, Act* up, int64_t ld,
    Act* a, int64_t ldA)
{
    storeTile<Act>(tile, rows, cols, nullptr, up, ld);
    for (int64_t i = 0; i < rows; ++i)
        eachVector(cols, [&](int64_t j, auto part) {
            const Vec g = part.load(gate + i * ld + j);
            part.store(a + i * ldA + j, g * sigmoid(g) * part.load(up + i * ld + j));
        });
}

/// From da in the tile: gate and up become their gradients, a is made again.
template <typename Act>
void gateTileBackward(const float* tile, int64_t rows, int64_t cols, Act* gate, Act* up, int64_t ld,
    Act* a, int64_t ldA)
{
    for (int64_t i = 0; i < rows; ++i)
        eachVector(cols, [&](int64_t j, auto part) {
            const Vec da = part.load(tile + i * kPanel + j);
            const Vec g = part.load(gate + i * ld + j), u = part.load(up + i * ld + j);
            const Vec s = sigmoid(g);
            part.store(a + i * ldA + j, g * s * u);
            part.store(up + i * ld + j, da * g * s);
            part.store(gate + i * ld + j, da * u * s * (1.0F + g * (1.0F - s)));
        });
}

/// The last column of rows that were padded to whole words.
template <typename Act> void zeroPadding(Act* a, int64_t rows, int64_t columns, int64_t ld)
{
    if (ld > columns)
        for (int64_t row = 0; row < rows; ++row)
            a[row * ld + columns] = Act();
}

/// y = x · w for the rows of every piece.
template <typename Act, Way kWay, typename Scratch>
void multiplyPieces(ThreadPool& pool, const Scratch& threadScratch, Pieces pieces, WordRows x,
    const CpuPacked& w, Act* y)
{
    const int64_t columns = columnsOf<kWay>(w), panels = ceilDiv(columns, kPanel);
    parallel(pool, pieces.count * panels, [&](int64_t job, int thread) {
        const int64_t column = job % panels * kPanel;
        rowsTimesColumns<kIsBf16<Act>, kWay>(x, pieces.list[job / panels], w, column,
            smaller(kPanel, columns - column), pool.threads() * kPanel,
            static_cast<float*>(
                threadScratch(thread, panelScratchWords<kIsBf16<Act>, kWay>(w) * 4)),
            [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                storeTile<Act>(tile, count, cols, nullptr, y + row * columns + col, columns);
            });
    });
}

} // namespace

void CpuBackend::expertsForward(const TensorView& x, const TensorView& offsets,
    const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
    const TensorView& y)
{
    const auto& w13 = static_cast<const CpuPacked&>(gateUp);
    const auto& w2 = static_cast<const CpuPacked&>(down);
    const int64_t experts = w2.groups(), ffn = w2.in(), hidden = w2.out();
    const auto* offset = offsets.host<int32_t>();
    const int64_t rows = offset[experts];
    const Pieces pieces = cutRows(offset, experts, kMostRows,
        static_cast<Piece*>(scratch(kSlotA, pieceBytes(rows, experts))));
    const auto perThread = [&](int thread, int64_t bytes) {
        return threadScratch(thread, bytes);
    };
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        constexpr bool kBf16 = kIsBf16<Act>;
        const WordRows left = wordRows(
            x.host<Act>(), rows, hidden, [&](int64_t bytes) { return scratch(kSlotB, bytes); });
        const int64_t ldA = kBf16 ? roundUp(ffn, 2) : ffn, ld = 2 * ffn;
        auto* a = static_cast<Act*>(scratch(kSlotC, rows * ldA * int64_t{sizeof(Act)}));
        auto* gates = gateUpOut.host<Act>();
        zeroPadding(a, rows, ffn, ldA);

        const int64_t panels = ceilDiv(ffn, kPanel);
        parallel(pool(), pieces.count * panels, [&](int64_t job, int thread) {
            const Piece piece = pieces.list[job / panels];
            const int64_t column = job % panels * kPanel, width = smaller(kPanel, ffn - column);
            auto* buffer = static_cast<float*>(
                perThread(thread, panelScratchWords<kBf16, Way::Forward>(w13) * 4));
            rowsTimesColumns<kBf16, Way::Forward>(left, piece, w13, column, width, ffn, buffer,
                [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                    storeTile<Act>(tile, count, cols, nullptr, gates + row * ld + col, ld);
                });
            rowsTimesColumns<kBf16, Way::Forward>(left, piece, w13, ffn + column, width,
                pool().threads() * kPanel - ffn, buffer,
                [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                    Act* up = gates + row * ld + col;
                    gateTile(tile, count, cols, up - ffn, up, ld, a + row * ldA + col - ffn, ldA);
                });
        });
        multiplyPieces<Act, Way::Forward>(pool(), perThread, pieces,
            {reinterpret_cast<const Word*>(a), wordsOf(kBf16, ldA)}, w2, y.host<Act>());
    });
}

void CpuBackend::expertsBackward(const TensorView& x, const TensorView& offsets,
    const PackedMatrix& gateUp, const PackedMatrix& down, const TensorView& gateUpOut,
    const TensorView& dy, const TensorView& dx, const TensorView& dGateUp, const TensorView& dDown,
    Write write)
{
    const auto& w13 = static_cast<const CpuPacked&>(gateUp);
    const auto& w2 = static_cast<const CpuPacked&>(down);
    const int64_t experts = w2.groups(), ffn = w2.in(), hidden = w2.out(), ld = 2 * ffn;
    const auto* offset = offsets.host<int32_t>();
    const int64_t rows = offset[experts];
    const Pieces pieces = cutRows(offset, experts, kMostRows,
        static_cast<Piece*>(scratch(kSlotA, pieceBytes(rows, experts))));
    const auto perThread = [&](int thread, int64_t bytes) {
        return threadScratch(thread, bytes);
    };
    withType(x.dtype, [&](auto type) {
        using Act = typename decltype(type)::Of;
        constexpr bool kBf16 = kIsBf16<Act>;
        const WordRows left = wordRows(
            dy.host<Act>(), rows, hidden, [&](int64_t bytes) { return scratch(kSlotB, bytes); });
        auto* a = static_cast<Act*>(scratch(kSlotC, rows * ffn * int64_t{sizeof(Act)}));
        auto* gates = gateUpOut.host<Act>();

        const int64_t panels = ceilDiv(ffn, kPanel);
        parallel(pool(), pieces.count * panels, [&](int64_t job, int thread) {
            const int64_t column = job % panels * kPanel;
            rowsTimesColumns<kBf16, Way::Backward>(left, pieces.list[job / panels], w2, column,
                smaller(kPanel, ffn - column), pool().threads() * kPanel,
                static_cast<float*>(
                    perThread(thread, panelScratchWords<kBf16, Way::Backward>(w2) * 4)),
                [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                    Act* gate = gates + row * ld + col;
                    gateTileBackward(
                        tile, count, cols, gate, gate + ffn, ld, a + row * ffn + col, ffn);
                });
        });

        const OuterBlocks upBlocks(experts, ld, hidden, pool().threads());
        const OuterBlocks downBlocks(experts, hidden, ffn, pool().threads());
        const int64_t upJobs = upBlocks.jobsOfGroup(), downJobs = downBlocks.jobsOfGroup();
        const int64_t scratchBytes = larger(upBlocks.scratchBytes(), downBlocks.scratchBytes());
        parallel(pool(), experts * (upJobs + downJobs), [&](int64_t job, int thread) {
            const int64_t e = job / (upJobs + downJobs), of = job % (upJobs + downJobs);
            const int64_t first = offset[e], count = offset[e + 1] - first;
            void* mine = perThread(thread, scratchBytes);
            if (of < upJobs)
                upBlocks.run(of, count, gates + first * ld, x.host<Act>() + first * hidden, hidden,
                    dGateUp.host<float>() + e * ld * hidden, write == Write::Add, mine);
            else
                downBlocks.run(of - upJobs, count, dy.host<Act>() + first * hidden, a + first * ffn,
                    ffn, dDown.host<float>() + e * hidden * ffn, write == Write::Add, mine);
        });
        multiplyPieces<Act, Way::Backward>(pool(), perThread, pieces,
            {reinterpret_cast<const Word*>(gates), wordsOf(kBf16, ld)}, w13, dx.host<Act>());
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
