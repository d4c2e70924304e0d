// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// For few tokens the weights are widened as they come ("few"); else up to kPanelRows rows are
// widened once into a panel, [four rows][vector][row], and all tiles run over it ("many").
#include "kernels/cpu/isa/stored_product.h"

#include "kernels/cpu/isa/stored_subnormals.h"
#include "kernels/cpu/isa/stored_tile.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kPieceBytes = int64_t{64} << 10;
constexpr int64_t kMostPanelBytes = int64_t{256} << 10;
constexpr int64_t kPanelRows = 32;
/// For this many tokens a panel of so few rows, which stays in the first-level cache.
constexpr int64_t kSomeTokens = 16, kSomeRows = 8;

template <bool kPairs, bool kBlocks, typename Decoder>
void multiplyFew(
    const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out, int64_t ldOut)
{
    const StoredMatrix& w = *rows.w;
    const Frame frame = frameOf<Decoder>(w, out, ldOut);
    const auto run = tileOf<kPairs, kBlocks, FewRows<Decoder>>(x.count);
    for (int64_t row = 0; row < rows.rows; row += kStoredRows) {
        int64_t which[kStoredRows];
        fourRows(rows, row, which);
        const FourRows<Decoder> four(w, which);
        const int64_t count = smaller(kStoredRows, rows.rows - row);
        Lines lines
            = linesFrom(four.rows().rows[0].codes + kStoredRows * w.rowBytes + kBeyond, rows, next);
        [[maybe_unused]] const bool lost = run(
            four.rows(), four.last(), scalesOf(w, which), frame, x.data, 0, row, count, lines);
        if constexpr (kWidensSubnormals<Decoder>)
            if (lost)
                addSubnormals<Decoder>(w, which, count, x, out + row, ldOut);
    }
}

/// Four rows become vectors of a panel, each element scaled where no block is whole vectors.
/// Whether there are subnormals that its products take for zero.
template <typename Decoder> bool widen(const StoredMatrix& w, const int64_t* which, uint8_t* panel)
{
    constexpr int kVectors = Decoder::kVectors;
    const FourRows<Decoder> four(w, which);
    Lookout<kWidensSubnormals<Decoder>> lookout;
    const auto put = [&](const FewRows<Decoder>& from, int64_t chunk) {
#pragma GCC unroll 4
        for (int i = 0; i < kStoredRows; ++i) {
            Vec vectors[kVectors];
            from.load(i, chunk, vectors);
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                lookout.see(vectors[v]);
                *(unaligned::Vec*)(panel
                    + ((chunk * kVectors + v) * kStoredRows + i) * kVectorBytes)
                    = vectors[v];
            }
        }
    };
    const int64_t whole = four.last() ? four.chunks() - 1 : four.chunks();
    for (int64_t chunk = 0; chunk < whole; ++chunk)
        put(four.rows(), chunk);
    if (four.last())
        put(*four.last(), whole);
    if (!scalesElements(w))
        return lookout.found();
    const Scales scales = scalesOf(w, which);
    for (int64_t i = 0; i < w.in; ++i) // floats: element i of row r
        for (int r = 0; r < kStoredRows; ++r) {
            auto* values = (float*)(panel + (i / kLanes * kStoredRows + r) * kVectorBytes);
            values[i % kLanes] *= scales.block[r][i / w.blockIn];
        }
    return false;
}

template <bool kPairs, bool kBlocks, typename Decoder>
void multiplyMany(const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out,
    int64_t ldOut, uint8_t* panel)
{
    const StoredMatrix& w = *rows.w;
    Frame frame = frameOf<Decoder>(w, out, ldOut);
    const int64_t panelStride = frame.chunks * Decoder::kVectors * kStoredRows * kVectorBytes;
    frame.chunks *= Decoder::kVectors;
    frame.blockChunks *= Decoder::kVectors;
    const int64_t step = x.count <= kSomeTokens ? kSomeRows : rows.rows;
    Lines lines = linesFrom(rows.end(), rows, next);
    for (int64_t begin = 0; begin < rows.rows; begin += step) {
        const int64_t end = smaller(begin + step, rows.rows);
        const auto eachFour = [&](const auto& body) {
            for (int64_t row = begin; row < end; row += kStoredRows) {
                int64_t which[kStoredRows];
                fourRows(rows, row, which);
                body(row, which, panel + (row - begin) / kStoredRows * panelStride);
            }
        };
        [[maybe_unused]] bool lost = false;
        eachFour([&](int64_t, const int64_t* which, uint8_t* four) {
            lost |= widen<Decoder>(w, which, four);
        });
        for (int64_t t = 0; t < x.tiles(); ++t) {
            const int64_t first = x.firstOf(t);
            const auto run = tileOf<kPairs, kBlocks, PanelRows>(x.firstOf(t + 1) - first);
            eachFour([&](int64_t row, const int64_t* which, const uint8_t* four) {
                run({four}, nullptr, scalesOf(w, which), frame, x.tile(t), first, row,
                    smaller(kStoredRows, rows.rows - row), lines);
            });
        }
        if constexpr (kWidensSubnormals<Decoder>)
            if (lost)
                eachFour([&](int64_t row, const int64_t* which, const uint8_t*) {
                    addSubnormals<Decoder>(
                        w, which, smaller(kStoredRows, rows.rows - row), x, out + row, ldOut);
                });
    }
}

template <bool kPairs, typename Decoder>
void multiplyCodes(const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out,
    int64_t ldOut, uint8_t* panel)
{
    const bool few = isFew(*rows.w, x.count);
    if (scalesBlocks(*rows.w)) {
        if (few)
            multiplyFew<kPairs, true, Decoder>(rows, next, x, out, ldOut);
        else
            multiplyMany<kPairs, true, Decoder>(rows, next, x, out, ldOut, panel);
    } else if (few) {
        multiplyFew<kPairs, false, Decoder>(rows, next, x, out, ldOut);
    } else {
        multiplyMany<kPairs, false, Decoder>(rows, next, x, out, ldOut, panel);
    }
}

} // namespace

int64_t rowsAPiece(const StoredMatrix& w, int64_t tokens)
{
    const int64_t room = isFew(w, tokens) ? kPieceBytes / w.rowBytes
                                          : smaller(kPanelRows, kMostPanelBytes / (2 * w.in));
    return larger(1, room / kLanes) * kLanes;
}

void multiplyStored(const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out,
    int64_t ldOut, void* panel)
{
    auto* bytes = static_cast<uint8_t*>(panel);
    if (x.order == Order::Quads)
        return multiplyCodes<false, quads::E4M3>(rows, next, x, out, ldOut, bytes);
#if defined(__AVX512BF16__)
    if (x.order != Order::Floats) {
        switch (rows.w->format) {
        case WeightFormat::Float8E4M3:
            return multiplyCodes<true, pairs::E4M3>(rows, next, x, out, ldOut, bytes);
        case WeightFormat::Float8E5M2:
            return multiplyCodes<true, pairs::E5M2>(rows, next, x, out, ldOut, bytes);
        case WeightFormat::MxFloat4:
            return multiplyCodes<true, pairs::MxFloat4>(rows, next, x, out, ldOut, bytes);
        default:
            return multiplyCodes<true, pairs::Bf16>(rows, next, x, out, ldOut, bytes);
        }
    }
#endif
    switch (rows.w->format) {
    case WeightFormat::Float32:
        return multiplyCodes<false, floats::Float32>(rows, next, x, out, ldOut, bytes);
    case WeightFormat::BFloat16:
        return multiplyCodes<false, floats::Bf16>(rows, next, x, out, ldOut, bytes);
    case WeightFormat::Float16:
        return multiplyCodes<false, floats::Float16>(rows, next, x, out, ldOut, bytes);
    case WeightFormat::Float8E4M3:
        return multiplyCodes<false, floats::E4M3>(rows, next, x, out, ldOut, bytes);
    case WeightFormat::Float8E5M2:
        return multiplyCodes<false, floats::E5M2>(rows, next, x, out, ldOut, bytes);
    case WeightFormat::MxFloat4:
        return multiplyCodes<false, floats::MxFloat4>(rows, next, x, out, ldOut, bytes);
    }
}

} // namespace moe::kernels::cpu::MOE_ISA
