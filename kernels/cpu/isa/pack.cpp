// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Bfloat16 weights from the float32 master, once a step: one pass over the master writes the panels
// of both directions.
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/product.h"
#include "kernels/cpu/isa/ranges.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// Columns of one pass: long runs of the master, whose rounded rows stay in the second-level cache.
constexpr int64_t kBlock = 512;

void narrowRow(const float* from, int64_t n, int64_t padded, BFloat16* to)
{
    eachVector(n, [&](int64_t i, auto part) { part.store(to + i, part.load(from + i)); });
    if (n < padded)
        to[n] = BFloat16();
}

/// Rows [row, row + rows) of one group, rows ≤ kPanel: one forward panel, and rows/2 words of every
/// backward panel.
void packRows(const float* master, int64_t out, int64_t in, int64_t row, int64_t rows,
    Word* forward, Word* backward)
{
    const int64_t inWords = (in + 1) / 2, outWords = (out + 1) / 2;
    alignas(64) BFloat16 block[kPanel * kBlock];
    for (int64_t col = 0; col < in; col += kBlock) {
        const int64_t cols = smaller(kBlock, in - col);
        for (int64_t i = 0; i < rows; ++i)
            narrowRow(master + (row + i) * in + col, cols, roundUp(cols, 2), block + i * kBlock);
        packRowsAsColumns<Keep::InMemory>(reinterpret_cast<const Word*>(block), kBlock / 2, rows,
            (cols + 1) / 2, forward + row * inWords + col / 2 * kPanel);
        for (int64_t first = 0; first < cols; first += kPanel)
            packColumns<Keep::InMemory>(block + first, kBlock, rows, smaller(kPanel, cols - first),
                backward + (col + first) * outWords + row / 2 * kPanel);
    }
    streamFence();
}

} // namespace

void CpuBackend::pack(PackedMatrix& to, const TensorView& master)
{
    auto& packed = static_cast<CpuPacked&>(to);
    packed.master = master.host<float>();
    if (packed.dtype() != DType::BFloat16)
        return;
    const int64_t panels = ceilDiv(packed.out(), kPanel);
    parallel(pool(), packed.groups() * panels, [&](int64_t job, int) {
        const int64_t group = job / panels, row = job % panels * kPanel;
        packRows(packed.master + group * packed.out() * packed.in(), packed.out(), packed.in(), row,
            smaller(kPanel, packed.out() - row),
            static_cast<Word*>(packed.forward->data()) + group * packed.forwardWords,
            static_cast<Word*>(packed.backward->data()) + group * packed.backwardWords);
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
