// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/simd.h"

namespace moe::kernels::cpu::MOE_ISA {

/// A code of E4M3 in memory; kernels/fp8.h says what it means.
struct Float8 {
    uint8_t code;
};
using ByteVec = uint8_t __attribute__((vector_size(kLanes)));
namespace unaligned {
using ByteVec = uint8_t __attribute__((vector_size(kLanes), aligned(1), may_alias));
}

/// kLanes bytes. GCC 12 would take them one by one.
inline UintVec widenBytes(const uint8_t* p)
{
#if defined(__AVX512F__)
    return (UintVec)_mm512_maskz_cvtepu8_epi32(kAllLanes, _mm_loadu_si128((const __m128i*)p));
#elif defined(__AVX2__)
    return (UintVec)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p));
#else
    return __builtin_convertvector(*(const unaligned::ByteVec*)p, UintVec);
#endif
}

/// The part of float32 that a small float's magnitude is, its fraction already in place: exponents
/// below `bias` + 1 have no hidden bit, the largest one is infinite or NaN.
template <int kBias> inline Vec fromMagnitude(UintVec magnitude)
{
    constexpr uint32_t kOne = 1U << 23U, kShift = static_cast<uint32_t>(127 - kBias) << 23U;
    const UintVec subnormal = (UintVec)(magnitude < kOne);
    // Read with a hidden bit, which is taken away again.
    const Vec value = (Vec)(magnitude + kShift + (subnormal & kOne));
    return value - (Vec)(subnormal & (kShift + kOne));
}

/// kLanes codes.
inline Vec decodeE4M3(const uint8_t* codes)
{
#if defined(__AVX2__) && !defined(__AVX512F__)
    // Float16 takes subnormals as they are, whatever is said of float32's: 2^−8 of the value, its
    // sign and magnitude at their places. A carry tells NaN.
    using Halves = uint16_t __attribute__((vector_size(16)));
    const auto signs = (Halves)_mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i*)codes));
    const Halves halves = (signs << 7) & 0xBFFF, nan = (halves + 0x80) & 0x4000;
    return (Vec)_mm256_cvtph_ps((__m128i)(halves | nan)) * 0x1p8F;
#else
    const UintVec wide = widenBytes(codes), size = wide & 0x7FU;
    const UintVec nan = (UintVec)(size == 0x7FU) & 0x7FC00000U;
    return (Vec)((UintVec)fromMagnitude<7>(size << 20) | nan | ((wide & 0x80U) << 24));
#endif
}

/// Nearest, ties to even, saturated; NaN gives 0x7F. The two roundings are those of encodeE4M3.
inline ByteVec encodeFloat8(Vec x)
{
    constexpr int32_t kLargest = 0x43E00000, kLeastNormal = 0x3C800000; // 448 and 2^−6
    const Vec shift = splat(0x1p14F); // counts in units of 2^−9
    const IntVec size = (IntVec)x & 0x7FFFFFFF;
    const IntVec nan = (IntVec)(size > 0x7F800000);
    const IntVec tooLarge = (IntVec)(size > kLargest);
    const IntVec clamped = (tooLarge & kLargest) | (~tooLarge & size);
    const IntVec rounded = clamped + 0x7FFFF + ((clamped >> 20) & 1);
    const IntVec normal = (rounded >> 20) - (120 << 3);
    const IntVec subnormal = (IntVec)((Vec)clamped + shift) - (IntVec)shift;
    const IntVec isSubnormal = (IntVec)(clamped < kLeastNormal);
    const IntVec code
        = ((isSubnormal & subnormal) | (~isSubnormal & normal)) | (((IntVec)x >> 24) & 0x80);
    return __builtin_convertvector((nan & 0x7F) | (~nan & code), ByteVec);
}

inline Vec load(const Float8* p)
{
    return decodeE4M3(&p->code);
}
inline void store(Float8* p, Vec x)
{
    *(unaligned::ByteVec*)p = encodeFloat8(x);
}
inline Vec loadPart(const Float8* p, int64_t n)
{
    uint8_t codes[kLanes]{};
    for (int64_t i = 0; i < n; ++i)
        codes[i] = p[i].code;
    return decodeE4M3(codes);
}
inline void storePart(Float8* p, Vec x, int64_t n)
{
    const ByteVec codes = encodeFloat8(x);
    for (int64_t i = 0; i < n; ++i)
        p[i].code = codes[i];
}

} // namespace moe::kernels::cpu::MOE_ISA
