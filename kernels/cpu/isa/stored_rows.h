// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_decode.h"
#include "kernels/cpu/isa/stored_lines.h"

// Where the weights of a tile come from: four rows of codes, or four rows of a panel.
namespace moe::kernels::cpu::MOE_ISA {

inline int64_t ownRowBytes(const StoredMatrix& w)
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

/// Four rows of weights, widened as they come.
template <typename Decoder> struct FewRows {
    static constexpr int kVectors = Decoder::kVectors, kMostTokens = kFewTokens;
    static constexpr bool kMayBeCut = true, kWatched = kWidensSubnormals<Decoder>;
    static constexpr bool kHasPlain = requires { &Decoder::decodePlain; };
    Codes rows[kStoredRows];

    void load(int row, int64_t chunk, Vec* to) const
    {
        Decoder::decode(
            {rows[row].codes + chunk * Decoder::kBytes, rows[row].exponents}, chunk, to);
    }
    /// Where kHasPlain: whether a cheaper way, loadPlain(), is right for a chunk.
    bool arePlain(int64_t chunk) const
    {
        return Decoder::arePlain(rows, kStoredRows, chunk * Decoder::kBytes);
    }
    void loadPlain(int row, int64_t chunk, Vec* to) const
    {
        Decoder::decodePlain(
            {rows[row].codes + chunk * Decoder::kBytes, rows[row].exponents}, chunk, to);
    }
    static constexpr int kLinesAChunk
        = Decoder::kBytes * kStoredRows >= kLine ? Decoder::kBytes * kStoredRows / kLine : 1;
};

/// Four rows of a panel.
struct PanelRows {
    static constexpr int kVectors = 1, kMostTokens = kStoredTile, kLinesAChunk = 1;
    static constexpr bool kMayBeCut = false, kWatched = false; // when they were widened
    static constexpr bool kHasPlain = false;
    const uint8_t* first;

    void load(int row, int64_t chunk, Vec* to) const
    {
        *to = *(const unaligned::Vec*)(first + (chunk * kStoredRows + row) * kVectorBytes);
    }
};

/// The four rows from `row` on, the last one again where there are fewer.
inline void fourRows(const StoredRows& rows, int64_t row, int64_t (&which)[kStoredRows])
{
    for (int i = 0; i < kStoredRows; ++i)
        which[i] = rows.firstRow + smaller(row + i, rows.rows - 1);
}

inline Codes codesOf(const StoredMatrix& w, int64_t row)
{
    return {(const uint8_t*)w.codes + row * w.rowBytes, w.exponents + row * w.exponentRowBytes};
}

/// Four rows of codes; the last chunk, where it is cut off, in a copy that zeros fill.
template <typename Decoder> class FourRows {
public:
    FourRows(const StoredMatrix& w, const int64_t* which)
        : m_chunks(ceilDiv(ownRowBytes(w), Decoder::kBytes))
        , m_left(ownRowBytes(w) % Decoder::kBytes)
    {
        for (int i = 0; i < kStoredRows; ++i)
            m_rows.rows[i] = codesOf(w, which[i]);
        if (m_left == 0)
            return;
        m_last = m_rows;
        for (int i = 0; i < kStoredRows; ++i) {
            const int64_t before = (m_chunks - 1) * Decoder::kBytes;
            __builtin_memset(m_bytes[i], 0, Decoder::kBytes);
            for (int64_t k = 0; k < m_left; ++k)
                m_bytes[i][k] = m_rows.rows[i].codes[before + k];
            m_last.rows[i].codes = m_bytes[i] - before; // where decode() looks for it
        }
    }
    FourRows(const FourRows&) = delete;
    FourRows& operator=(const FourRows&) = delete;

    int64_t chunks() const { return m_chunks; }
    const FewRows<Decoder>& rows() const { return m_rows; }
    const FewRows<Decoder>* last() const { return m_left ? &m_last : nullptr; } ///< null: not cut
    const FewRows<Decoder>& rowsOf(int64_t chunk) const
    {
        return m_left && chunk + 1 == m_chunks ? m_last : m_rows;
    }

private:
    int64_t m_chunks, m_left;
    FewRows<Decoder> m_rows, m_last;
    alignas(64) uint8_t m_bytes[kStoredRows][Decoder::kBytes];
};

} // namespace moe::kernels::cpu::MOE_ISA
