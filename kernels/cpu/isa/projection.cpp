// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/grouped.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// Rows a piece so that there are several jobs for each thread, but each gathered panel still
/// serves many rows.
int64_t rowsOfPiece(int64_t rows, int64_t panels, int64_t threads)
{
    constexpr int64_t kMost = 512, kLeast = 96;
    const int64_t wanted = rows * panels / (8 * threads);
    return smaller(kMost, larger(kLeast, wanted));
}

/// y = x · w (+ addend); Act: the type of the product, To: of the result.
template <typename Act, Way kWay, typename To, typename Scratch>
void multiplyRows(ThreadPool& pool, const Scratch& threadScratch, WordRows x, int64_t rows,
    const CpuPacked& w, const To* addend, To* y)
{
    constexpr bool kBf16 = kIsBf16<Act>;
    const int64_t columns = columnsOf<kWay>(w), panels = ceilDiv(columns, kPanel);
    const int64_t step = roundUp(rowsOfPiece(rows, panels, pool.threads()), kTileRows);
    parallel(pool, ceilDiv(rows, step) * panels, [&](int64_t job, int thread) {
        const int64_t panel = job % panels, first = job / panels * step, column = panel * kPanel;
        rowsTimesColumns<kBf16, kWay>(x, {0, first, smaller(step, rows - first)}, w, column,
            smaller(kPanel, columns - column), pool.threads() * kPanel,
            static_cast<float*>(threadScratch(thread, panelScratchWords<kBf16, kWay>(w) * 4)),
            [&](int64_t row, int64_t count, int64_t col, int64_t cols, const float* tile) {
                const int64_t at = row * columns + col;
                storeTile(tile, count, cols, addend ? addend + at : nullptr, y + at, columns);
            });
    });
}

} // namespace

void CpuBackend::projectionForward(
    const TensorView& x, const PackedMatrix& w, const TensorView& addend, const TensorView& y)
{
    const auto& packed = static_cast<const CpuPacked&>(w);
    const int64_t rows = x.shape[0];
    const auto room = [&](int64_t bytes) {
        return scratch(kSlotB, bytes);
    };
    const auto perThread = [&](int thread, int64_t bytes) {
        return threadScratch(thread, bytes);
    };
    TensorView input = x;
    if (x.dtype != w.dtype()) { // the router's: widened
        input.dtype = w.dtype();
        input.data = scratch(kSlotA, input.bytes());
        copy(input, x);
    }
    withType(w.dtype(), [&](auto type) {
        using Act = typename decltype(type)::Of;
        const WordRows left = wordRows(input.host<Act>(), rows, packed.in(), room);
        withType(y.dtype, [&](auto to) {
            using To = typename decltype(to)::Of;
            multiplyRows<Act, Way::Forward>(
                pool(), perThread, left, rows, packed, addend.host<To>(), y.host<To>());
        });
    });
}

void CpuBackend::projectionBackward(const TensorView& x, const PackedMatrix& w,
    const TensorView& dy, const TensorView& dx, Write writeX, const TensorView& dW, Write writeW)
{
    const auto& packed = static_cast<const CpuPacked&>(w);
    const int64_t rows = x.shape[0];
    const auto room = [&](int64_t bytes) {
        return scratch(kSlotB, bytes);
    };
    const auto perThread = [&](int thread, int64_t bytes) {
        return threadScratch(thread, bytes);
    };
    const auto inTypeOfW = [&](const TensorView& view, Slot slot) {
        TensorView converted = view;
        if (view.dtype != w.dtype()) {
            converted.dtype = w.dtype();
            converted.data = scratch(slot, converted.bytes());
            copy(converted, view);
        }
        return converted;
    };
    const TensorView input = inTypeOfW(x, kSlotA), slope = inTypeOfW(dy, kSlotC);
    withType(w.dtype(), [&](auto type) {
        using Act = typename decltype(type)::Of;
        const OuterBlocks blocks(1, packed.out(), packed.in(), pool().threads());
        parallel(pool(), blocks.jobsOfGroup(), [&](int64_t job, int thread) {
            blocks.run(job, rows, slope.host<Act>(), input.host<Act>(), packed.in(),
                dW.host<float>(), writeW == Write::Add,
                threadScratch(thread, blocks.scratchBytes()));
        });
        if (!dx)
            return;
        const WordRows left = wordRows(slope.host<Act>(), rows, packed.out(), room);
        withType(dx.dtype, [&](auto to) {
            using To = typename decltype(to)::Of;
            multiplyRows<Act, Way::Backward>(pool(), perThread, left, rows, packed,
                writeX == Write::Add ? dx.host<To>() : nullptr, dx.host<To>());
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
