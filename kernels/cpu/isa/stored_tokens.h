// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/simd.h"
#include "kernels/inference.h"

// Products with stored weights (stored_product.h) read activations as whole vectors along `in`, in
// the order in which a vector of widened weights comes.
namespace moe::kernels::cpu::MOE_ISA {

/// What a vector of weights or activations holds.
enum class Order : uint8_t {
    Floats, ///< kLanes float32
    Pairs, ///< 2 · kLanes bfloat16, neighbours in a word
    Unpacked, ///< the same; of each 64, the even runs of eight, then the odd ones: as bytes unpack
    Quads ///< kLanes float32; of each 4 · kLanes every fourth, from the first, the second … on
};

inline constexpr int64_t kVectorBytes = kLanes * 4;

/// The order in which activations of type `act` meet such weights: pairs where the processor
/// multiplies them and the codes are exact in bfloat16.
Order orderOf(const StoredMatrix& w, DType act);

/// Elements that come at a time; `in` is padded to a multiple of them with zeros.
inline int64_t chunkOf(Order order)
{
    return order == Order::Floats ? kLanes : order == Order::Pairs ? 2 * kLanes : 4 * kLanes;
}

/// Rows of activations, cut into tiles of about as many tokens each: [tile][vector][token of the
/// tile]. A token takes as many bytes wherever it stands.
struct Tokens {
    uint8_t* data;
    int64_t count, mostInTile, in;
    Order order;

    int64_t tokenBytes() const
    {
        const bool isFloat = order == Order::Floats || order == Order::Quads;
        return roundUp(in, chunkOf(order)) * (isFloat ? 4 : 2);
    }
    int64_t bytes() const { return count * tokenBytes(); }
    int64_t tiles() const { return ceilDiv(count, mostInTile); }
    int64_t firstOf(int64_t tile) const
    {
        return tile * (count / tiles()) + smaller(tile, count % tiles());
    }
    const uint8_t* tile(int64_t tile) const { return data + firstOf(tile) * tokenBytes(); }
};

/// Where the vectors of one token stand.
struct Slot {
    uint8_t* first;
    int64_t step; ///< bytes from a vector to the next
};
Slot slotOf(const Tokens& tokens, int64_t token);

/// Elements [i, i + kLanes) of a token, i a multiple of kLanes.
inline void putRun(Order order, const Slot& slot, int64_t i, Vec values)
{
    if (order == Order::Floats) {
        store((float*)(slot.first + i / kLanes * slot.step), values);
        return;
    }
    if (order == Order::Quads) { // kLanes / 4 elements of each of four vectors
        uint8_t* part = slot.first + i / (4 * kLanes) * 4 * slot.step + i % (4 * kLanes);
        for (int v = 0; v < 4; ++v, part += slot.step)
            for (int64_t e = 0; e < kLanes / 4; ++e)
                ((float*)part)[e] = values[4 * e + v];
        return;
    }
    const HalfVec bits = narrow(values);
    uint8_t* vector = slot.first + i / (2 * kLanes) * slot.step;
    if (order == Order::Pairs) {
        *(unaligned::HalfVec*)(vector + i % (2 * kLanes) * 2) = bits;
        return;
    }
    // An even and an odd run of eight: quarter i / 16 of the chunk's two vectors.
    uint8_t* even = slot.first + i / (4 * kLanes) * 2 * slot.step + i % (4 * kLanes);
    __builtin_memcpy(even, &bits, sizeof(bits) / 2);
    __builtin_memcpy(even + slot.step, (const uint8_t*)&bits + sizeof(bits) / 2, sizeof(bits) / 2);
}

/// Zeros from element `from` (a multiple of kLanes) to the end of the last chunk.
inline void padToken(const Tokens& tokens, const Slot& slot, int64_t from)
{
    for (int64_t i = from; i < roundUp(tokens.in, chunkOf(tokens.order)); i += kLanes)
        putRun(tokens.order, slot, i, Vec{});
}

/// A row of activations becomes token `token`.
template <typename Act> void putToken(const Tokens& tokens, int64_t token, const Act* row)
{
    const Slot slot = slotOf(tokens, token);
    eachVector(tokens.in,
        [&](int64_t i, auto part) { putRun(tokens.order, slot, i, part.load(row + i)); });
    padToken(tokens, slot, roundUp(tokens.in, kLanes));
}

} // namespace moe::kernels::cpu::MOE_ISA
