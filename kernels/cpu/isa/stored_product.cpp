// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// A tile is kStoredRows rows of weights × up to kStoredTile tokens, its sums in registers for all
// of `in`. For few tokens the weights are widened as they come ("few"); else kPanelRows rows are
// widened once into a panel, [four rows][vector][row], and all tiles run over it ("many").
#include "kernels/cpu/isa/stored_product.h"

#include "kernels/cpu/isa/stored_decode.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kLine = 64;
constexpr int64_t kPieceBytes = int64_t{64} << 10;
constexpr int64_t kMostPanelBytes = int64_t{256} << 10;
constexpr int64_t kPanelRows = 32;
/// How far beyond the next rows the memory is asked: the time that it takes to answer.
constexpr int64_t kBeyond = 4096;

int64_t ownRowBytes(const StoredMatrix& w)
{
    switch (w.format) {
    case WeightFormat::Float32:
        return 4 * w.in;
    case WeightFormat::BFloat16:
    case WeightFormat::Float16:
        return 2 * w.in;
    case WeightFormat::MxFloat4:
        return w.in / 2;
    default:
        return w.in;
    }
}

/// Lines of memory asked for ahead of their use: [at, end), then [next, nextEnd), then no more.
/// Into the second-level cache: four rows and the four after them crowd each other out of the
/// first.
struct Lines {
    const uint8_t* at;
    const uint8_t* end;
    const uint8_t* next;
    const uint8_t* nextEnd;
    int64_t step = kLine;

    template <int kCount> void fetch()
    {
#pragma GCC unroll 8
        for (int i = 0; i < kCount; ++i)
            __builtin_prefetch(at + i * step, 0, 2);
        at += kCount * step;
        if (at < end)
            return;
        if (next) {
            at = next;
            end = nextEnd;
            next = nullptr;
        } else { // nothing is left: the last line again and again
            at -= kLine;
            end = (const uint8_t*)UINTPTR_MAX;
            step = 0;
        }
    }
};

/// Lines from `at` on, a place in `rows` or as far behind their end as into `next`.
Lines linesFrom(const uint8_t* at, const StoredRows& rows, const StoredRows& next)
{
    const uint8_t* nextBegin = next.rows > 0 ? next.begin() : nullptr;
    const uint8_t* nextEnd = next.rows > 0 ? next.end() : nullptr;
    if (at < rows.end())
        return {at, rows.end(), nextBegin, nextEnd};
    const uint8_t* inNext = nextBegin + (at - rows.end());
    if (next.rows > 0 && inNext < nextEnd)
        return {inNext, nextEnd, nullptr, nullptr};
    return {rows.begin(), (const uint8_t*)UINTPTR_MAX, nullptr, nullptr, 0};
}

template <bool kPairs> inline __attribute__((always_inline)) Vec multiplyAdd(Vec sum, Vec a, Vec b)
{
#if defined(__AVX512BF16__)
    if constexpr (kPairs)
        return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#endif
    return sum + a * b;
}

using Four = float __attribute__((vector_size(16)));

/// The sums of four vectors: lanes + 8, + 4, + 2, + 1.
#if defined(__AVX512F__)
inline __attribute__((always_inline)) Four sumsOf(Vec a, Vec b, Vec c, Vec d)
{
    const auto halves = [](Vec x, Vec y) {
        return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
            + __builtin_shufflevector(
                x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    };
    const Vec ab = halves(a, b), cd = halves(c, d);
    Vec x
        = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
        + __builtin_shufflevector(
            ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    x += __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    return __builtin_shufflevector(x, x, 0, 4, 8, 12);
}
#else
inline Four sumsOf(Vec a, Vec b, Vec c, Vec d)
{
    const Vec rows[] = {a, b, c, d};
    Four sums{};
    for (int row = 0; row < 4; ++row) {
        Vec x = rows[row];
        for (int half = kLanes / 2; half > 0; half /= 2)
            for (int i = 0; i < half; ++i)
                x[i] += x[i + half];
        sums[row] = x[0];
    }
    return sums;
}
#endif

/// Four rows of weights, widened as they come.
template <typename Decoder> struct FewRows {
    static constexpr int kVectors = Decoder::kVectors, kMostTokens = kFewTokens;
    static constexpr bool kMayBeCut = true;
    Codes rows[kStoredRows];

    void load(int row, int64_t chunk, Vec* to) const
    {
        Decoder::decode(
            {rows[row].codes + chunk * Decoder::kBytes, rows[row].exponents}, chunk, to);
    }
    static constexpr int kLinesAChunk
        = Decoder::kBytes * kStoredRows >= kLine ? Decoder::kBytes * kStoredRows / kLine : 1;
};

/// Four rows of a panel.
struct PanelRows {
    static constexpr int kVectors = 1, kMostTokens = kStoredTile, kLinesAChunk = 1;
    static constexpr bool kMayBeCut = false;
    const uint8_t* first;

    void load(int row, int64_t chunk, Vec* to) const
    {
        *to = *(const unaligned::Vec*)(first + (chunk * kStoredRows + row) * kVectorBytes);
    }
};

/// Adds chunks [from, to) to the sums; `x` is at chunk 0 of a tile of kTokens.
template <bool kPairs, int kTokens, typename Rows>
inline __attribute__((always_inline)) void addChunks(const Rows& rows, int64_t from, int64_t to,
    const uint8_t* x, Lines& ahead, Vec (&sums)[kStoredRows][kTokens])
{
    constexpr int kVectors = Rows::kVectors;
    Lines lines = ahead;
    for (int64_t chunk = from; chunk < to; ++chunk) {
        lines.template fetch<Rows::kLinesAChunk>();
        const uint8_t* vectors = x + chunk * kVectors * kTokens * kVectorBytes;
        Vec right[kVectors][kTokens];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v)
#pragma GCC unroll 8
            for (int t = 0; t < kTokens; ++t)
                right[v][t] = *(const unaligned::Vec*)(vectors + (v * kTokens + t) * kVectorBytes);
#pragma GCC unroll 8
        for (int row = 0; row < kStoredRows; ++row) {
            Vec left[kVectors];
            rows.load(row, chunk, left);
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
#pragma GCC unroll 8
                for (int t = 0; t < kTokens; ++t)
                    sums[row][t] = multiplyAdd<kPairs>(sums[row][t], left[v], right[v][t]);
        }
    }
    ahead = lines;
}

/// What the tiles of one matrix have in common.
struct Frame {
    int64_t chunks; ///< along `in`
    int64_t blockChunks; ///< of a scaled block; 0: none
    float* out;
    int64_t ldOut;
};

struct Scales {
    const float* row[kStoredRows]; ///< of the whole row
    const float* block[kStoredRows]; ///< of its blocks
};

Scales scalesOf(const StoredMatrix& w, const int64_t* rows)
{
    static constexpr float kOne = 1.0F;
    Scales scales{};
    const float* all = w.scales.data();
    for (int i = 0; i < kStoredRows; ++i) {
        scales.row[i] = w.layout == ScaleLayout::Row ? all + rows[i]
            : w.layout == ScaleLayout::Tensor        ? all
                                                     : &kOne;
        if (w.layout == ScaleLayout::Block)
            scales.block[i] = all + rows[i] / w.blockOut * ceilDiv(w.in, w.blockIn);
    }
    return scales;
}

/// One tile: `count` of the four rows are wanted.
template <bool kPairs, bool kBlocks, int kTokens, typename Rows>
void tile(const Rows& rows, const Rows* tail, const Scales& scales, const Frame& frame,
    const uint8_t* x, int64_t token, int64_t row, int64_t count, Lines& lines)
{
    // Every index is a constant once the loops are unrolled: the sums are registers.
    Vec sums[kStoredRows][kTokens] = {}, totals[kStoredRows][kTokens] = {};
    // The last chunk of codes may be cut off: it is read from a copy.
    const int64_t whole = tail ? frame.chunks - 1 : frame.chunks;
    if constexpr (kBlocks) {
        for (int64_t from = 0, block = 0; from < frame.chunks; from += frame.blockChunks, ++block) {
            const int64_t to = smaller(from + frame.blockChunks, frame.chunks);
            addChunks<kPairs, kTokens>(rows, from, smaller(to, whole), x, lines, sums);
            if (Rows::kMayBeCut && to > whole)
                addChunks<kPairs, kTokens>(*tail, whole, to, x, lines, sums);
#pragma GCC unroll 8
            for (int i = 0; i < kStoredRows; ++i) {
                const Vec scale = splat(scales.block[i][block]);
#pragma GCC unroll 8
                for (int t = 0; t < kTokens; ++t) {
                    totals[i][t] += sums[i][t] * scale;
                    sums[i][t] = Vec{};
                }
            }
        }
    } else {
        addChunks<kPairs, kTokens>(rows, 0, whole, x, lines, sums);
        if (Rows::kMayBeCut && tail)
            addChunks<kPairs, kTokens>(*tail, whole, frame.chunks, x, lines, sums);
    }
    const Four rowScales = {*scales.row[0], *scales.row[1], *scales.row[2], *scales.row[3]};
    float* to = frame.out + token * frame.ldOut + row;
#pragma GCC unroll 8
    for (int t = 0; t < kTokens; ++t, to += frame.ldOut) {
        const auto& ended = kBlocks ? totals : sums;
        const Four result = sumsOf(ended[0][t], ended[1][t], ended[2][t], ended[3][t]) * rowScales;
        if (count == kStoredRows)
            __builtin_memcpy(to, &result, sizeof(result));
        else
            for (int64_t i = 0; i < count; ++i)
                to[i] = result[i];
    }
}

template <typename Rows>
using Tile = void (*)(const Rows&, const Rows*, const Scales&, const Frame&, const uint8_t*,
    int64_t, int64_t, int64_t, Lines&);

template <bool kPairs, bool kBlocks, typename Rows> Tile<Rows> tileOf(int64_t tokens)
{
    switch (tokens) {
    case 1:
        return tile<kPairs, kBlocks, 1, Rows>;
    case 2:
        return tile<kPairs, kBlocks, 2, Rows>;
#if defined(__AVX512F__)
    case 3:
        return tile<kPairs, kBlocks, 3, Rows>;
    case 4:
        return tile<kPairs, kBlocks, 4, Rows>;
    case 5:
        if constexpr (!kBlocks && Rows::kMostTokens > 4)
            return tile<kPairs, kBlocks, 5, Rows>;
        [[fallthrough]];
    default:
        if constexpr (!kBlocks && Rows::kMostTokens > 4)
            return tile<kPairs, kBlocks, 6, Rows>;
#else
    default:
#endif
        return nullptr;
    }
}

/// The four rows from `row` on, the last one again where there are fewer.
void fourRows(const StoredRows& rows, int64_t row, int64_t (&which)[kStoredRows])
{
    for (int i = 0; i < kStoredRows; ++i)
        which[i] = rows.firstRow + smaller(row + i, rows.rows - 1);
}

Codes codesOf(const StoredMatrix& w, int64_t row)
{
    return {(const uint8_t*)w.codes + row * w.rowBytes, w.exponents + row * w.exponentRowBytes};
}

/// The last chunk of a row, padded with zeros; `at` is what lets decode() find it.
template <typename Decoder> struct LastChunk {
    alignas(64) uint8_t bytes[kStoredRows][Decoder::kBytes] = {};

    FewRows<Decoder> rows(const FewRows<Decoder>& whole, int64_t chunk, int64_t left)
    {
        FewRows<Decoder> last = whole;
        for (int i = 0; i < kStoredRows; ++i) {
            const uint8_t* from = whole.rows[i].codes + chunk * Decoder::kBytes;
            for (int64_t k = 0; k < left; ++k)
                bytes[i][k] = from[k];
            last.rows[i].codes = bytes[i] - chunk * Decoder::kBytes;
        }
        return last;
    }
};

template <typename Decoder> Frame frameOf(const StoredMatrix& w, float* out, int64_t ldOut)
{
    const int64_t bytes = ownRowBytes(w), chunks = ceilDiv(bytes, Decoder::kBytes);
    const int64_t blockBytes = scalesBlocks(w) ? bytes * w.blockIn / w.in : 0;
    return {chunks, blockBytes / Decoder::kBytes, out, ldOut};
}

template <bool kPairs, bool kBlocks, typename Decoder>
void multiplyFew(
    const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out, int64_t ldOut)
{
    const StoredMatrix& w = *rows.w;
    const Frame frame = frameOf<Decoder>(w, out, ldOut);
    const int64_t left = ownRowBytes(w) % Decoder::kBytes;
    const auto run = tileOf<kPairs, kBlocks, FewRows<Decoder>>(x.count);
    LastChunk<Decoder> last;
    for (int64_t row = 0; row < rows.rows; row += kStoredRows) {
        int64_t which[kStoredRows];
        fourRows(rows, row, which);
        FewRows<Decoder> four;
        for (int i = 0; i < kStoredRows; ++i)
            four.rows[i] = codesOf(w, which[i]);
        FewRows<Decoder> tail;
        if (left > 0)
            tail = last.rows(four, frame.chunks - 1, left);
        Lines lines
            = linesFrom(four.rows[0].codes + kStoredRows * w.rowBytes + kBeyond, rows, next);
        run(four, left > 0 ? &tail : nullptr, scalesOf(w, which), frame, x.data, 0, row,
            smaller(kStoredRows, rows.rows - row), lines);
    }
}

/// Four rows become vectors of a panel, each element scaled where no block is whole vectors.
template <typename Decoder>
void widen(const StoredMatrix& w, const int64_t* which, int64_t chunks, uint8_t* panel)
{
    const int64_t left = ownRowBytes(w) % Decoder::kBytes;
    const Scales scales = scalesOf(w, which);
    FewRows<Decoder> four;
    for (int i = 0; i < kStoredRows; ++i)
        four.rows[i] = codesOf(w, which[i]);
    LastChunk<Decoder> last;
    FewRows<Decoder> tail;
    if (left > 0)
        tail = last.rows(four, chunks - 1, left);
    const auto put = [&](const FewRows<Decoder>& from, int64_t chunk) {
        constexpr int kVectors = Decoder::kVectors;
#pragma GCC unroll 4
        for (int i = 0; i < kStoredRows; ++i) {
            Vec vectors[kVectors];
            from.load(i, chunk, vectors);
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v)
                *(unaligned::Vec*)(panel
                    + ((chunk * kVectors + v) * kStoredRows + i) * kVectorBytes)
                    = vectors[v];
        }
    };
    const int64_t whole = left > 0 ? chunks - 1 : chunks;
    for (int64_t chunk = 0; chunk < whole; ++chunk)
        put(four, chunk);
    if (left > 0)
        put(tail, whole);
    if (!scalesElements(w))
        return;
    for (int64_t i = 0; i < w.in; ++i) // floats: element i of row r
        for (int r = 0; r < kStoredRows; ++r) {
            auto* values = (float*)(panel + (i / kLanes * kStoredRows + r) * kVectorBytes);
            values[i % kLanes] *= scales.block[r][i / w.blockIn];
        }
}

template <bool kPairs, bool kBlocks, typename Decoder>
void multiplyMany(const StoredRows& rows, const StoredRows& next, const Tokens& x, float* out,
    int64_t ldOut, uint8_t* panel)
{
    const StoredMatrix& w = *rows.w;
    Frame frame = frameOf<Decoder>(w, out, ldOut);
    const int64_t panelStride = frame.chunks * Decoder::kVectors * kStoredRows * kVectorBytes;
    for (int64_t row = 0; row < rows.rows; row += kStoredRows) {
        int64_t which[kStoredRows];
        fourRows(rows, row, which);
        widen<Decoder>(w, which, frame.chunks, panel + row / kStoredRows * panelStride);
    }
    frame.chunks *= Decoder::kVectors;
    frame.blockChunks *= Decoder::kVectors;
    Lines lines = linesFrom(rows.end(), rows, next);
    for (int64_t t = 0; t < x.tiles(); ++t) {
        const int64_t first = x.firstOf(t);
        const auto run = tileOf<kPairs, kBlocks, PanelRows>(x.firstOf(t + 1) - first);
        for (int64_t row = 0; row < rows.rows; row += kStoredRows) {
            int64_t which[kStoredRows];
            fourRows(rows, row, which);
            run({panel + row / kStoredRows * panelStride}, nullptr, scalesOf(w, which), frame,
                x.tile(t), first, row, smaller(kStoredRows, rows.rows - row), lines);
        }
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
