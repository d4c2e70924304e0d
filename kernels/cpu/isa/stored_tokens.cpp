// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/stored_tokens.h"

#include "kernels/cpu/isa/stored_product.h"

namespace moe::kernels::cpu::MOE_ISA {

Order orderOf(const StoredMatrix& w, [[maybe_unused]] DType act)
{
    if (scalesElements(w)) // one after the other
        return Order::Floats;
#if defined(__AVX512BF16__)
    if (act == DType::BFloat16) {
        switch (w.format) {
        case WeightFormat::Float8E4M3:
        case WeightFormat::Float8E5M2:
            return Order::Unpacked;
        case WeightFormat::BFloat16:
        case WeightFormat::MxFloat4:
            return Order::Pairs;
        default:
            break;
        }
    }
#endif
    return w.format == WeightFormat::Float8E4M3 ? Order::Quads : Order::Floats;
}

Slot slotOf(const Tokens& tokens, int64_t token)
{
    const int64_t tiles = tokens.tiles(), few = tokens.count / tiles, longer = tokens.count % tiles;
    const int64_t inLonger = longer * (few + 1); // the longer tiles come first
    const int64_t tile
        = token < inLonger ? token / (few + 1) : longer + (token - inLonger) / larger(few, 1);
    const int64_t first = tokens.firstOf(tile), size = tokens.firstOf(tile + 1) - first;
    return {tokens.data + first * tokens.tokenBytes() + (token - first) * kVectorBytes,
        size * kVectorBytes};
}

} // namespace moe::kernels::cpu::MOE_ISA
