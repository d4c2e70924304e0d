// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/stored_tile.h"

// What subnormal weights give is added behind the product that took them for zero. A row without
// any stays as it is, so that no result depends on its neighbours or on the other tokens.
namespace moe::kernels::cpu::MOE_ISA {

inline float widenedBits(uint16_t bits)
{
    const uint32_t wide = uint32_t{bits} << 16U;
    float value;
    __builtin_memcpy(&value, &wide, sizeof(value));
    return value;
}

/// Adds to out[t · ldOut + i] what the subnormals of row which[i] give, for `count` of four rows.
template <typename Decoder>
void addSubnormals(const StoredMatrix& w, const int64_t* which, int64_t count, const Tokens& x,
    float* out, int64_t ldOut)
{
    static_assert(Decoder::kVectors == 1); // element e of vector v is element v · kWidth + e
    constexpr int kWidth = 2 * kLanes;
    const Scales scales = scalesOf(w, which);
    const FourRows<Decoder> four(w, which);
    for (int64_t i = 0; i < count; ++i)
        for (int64_t chunk = 0; chunk < four.chunks(); ++chunk) {
            Vec vector;
            four.rowsOf(chunk).load(static_cast<int>(i), chunk, &vector);
            uint16_t bits[kWidth];
            __builtin_memcpy(bits, &vector, sizeof(bits));
            int places[kWidth], found = 0;
            for (int e = 0; e < kWidth; ++e)
                if ((bits[e] & 0x7F80) == 0 && (bits[e] & 0x7F) != 0)
                    places[found++] = e;
            if (found == 0)
                continue;
            const bool blocks = scalesBlocks(w);
            const float scale
                = *scales.row[i] * (blocks ? scales.block[i][chunk * kWidth / w.blockIn] : 1.0F);
            for (int64_t t = 0; t < x.count; ++t) {
                const Slot slot = slotOf(x, t);
                const uint8_t* const activations = slot.first + chunk * slot.step;
                double sum = 0;
                for (int p = 0; p < found; ++p) {
                    uint16_t activation;
                    __builtin_memcpy(&activation, activations + int64_t{2} * places[p], 2);
                    sum += double{widenedBits(bits[places[p]])} * double{widenedBits(activation)};
                }
                out[t * ldOut + i] += static_cast<float>(sum * double{scale});
            }
        }
}

} // namespace moe::kernels::cpu::MOE_ISA
