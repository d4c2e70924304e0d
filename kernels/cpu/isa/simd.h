// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/bfloat16.h"

#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors of the compiler's own kind, as wide as the instruction set; a few intrinsics where the
// compiler would not find the instruction. Compiled with -ffp-contract=fast: a · b + c is one FMA.
namespace moe::kernels::cpu::MOE_ISA {

#if defined(__AVX512F__)
inline constexpr int64_t kLanes = 16;
/// For the masked forms where GCC 12 warns about its own header's plain ones.
inline constexpr __mmask16 kAllLanes = 0xFFFF;
#elif defined(__AVX2__)
inline constexpr int64_t kLanes = 8;
#else
inline constexpr int64_t kLanes = 4;
#endif

using Vec = float __attribute__((vector_size(kLanes * 4)));
using IntVec = int32_t __attribute__((vector_size(kLanes * 4)));
using UintVec = uint32_t __attribute__((vector_size(kLanes * 4)));
using HalfVec = uint16_t __attribute__((vector_size(kLanes * 2))); ///< bfloat16 bits
using DoubleVec = double __attribute__((vector_size(kLanes * 8)));
/// 32 bits that are a float, or two bfloat16 that are neighbours along a reduction, wherever the
/// first of them lies.
using Word = float __attribute__((may_alias, aligned(2)));

namespace unaligned {
using Vec = float __attribute__((vector_size(kLanes * 4), aligned(2), may_alias));
using IntVec = int32_t __attribute__((vector_size(kLanes * 4), aligned(2), may_alias));
using HalfVec = uint16_t __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));
using DoubleVec = double __attribute__((vector_size(kLanes * 8), aligned(8), may_alias));
} // namespace unaligned

inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
inline int64_t larger(int64_t a, int64_t b)
{
    return a < b ? b : a;
}
inline int64_t ceilDiv(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}
inline int64_t roundUp(int64_t a, int64_t step)
{
    return ceilDiv(a, step) * step;
}

inline Vec splat(float x)
{
    return Vec{} + x;
}

inline Vec widen(HalfVec bits)
{
#if defined(__AVX2__) && !defined(__AVX512F__)
    return (Vec)_mm256_slli_epi32(_mm256_cvtepu16_epi32((__m128i)bits), 16); // GCC 12 takes halves
#else
    return (Vec)(__builtin_convertvector(bits, UintVec) << 16);
#endif
}

/// Nearest, ties to even, as BFloat16 does.
inline HalfVec narrow(Vec x)
{
#if defined(__AVX512BF16__)
    return (HalfVec)_mm512_cvtneps_pbh((__m512)x);
#else
    const UintVec wide = (UintVec)x;
    const UintVec rounded = (wide + 0x7FFFU + ((wide >> 16) & 1U)) >> 16;
    const UintVec nan = (wide >> 16) | 0x40U;
    const UintVec isNan = (UintVec)((wide & 0x7FFFFFFFU) > 0x7F800000U);
    return __builtin_convertvector((isNan & nan) | (~isNan & rounded), HalfVec);
#endif
}

inline Vec load(const float* p)
{
    return *(const unaligned::Vec*)p;
}
inline Vec load(const BFloat16* p)
{
    return widen(*(const unaligned::HalfVec*)p);
}
inline void store(float* p, Vec x)
{
    *(unaligned::Vec*)p = x;
}
inline void store(BFloat16* p, Vec x)
{
    *(unaligned::HalfVec*)p = narrow(x);
}

/// Past the caches, to an address that is a multiple of the vector: for results that nobody reads
/// soon. streamFence() before another thread may read them.
inline void stream(Word* p, Vec x)
{
#if defined(__AVX512F__)
    _mm512_stream_ps((float*)p, (__m512)x);
#elif defined(__AVX2__)
    _mm256_stream_ps((float*)p, (__m256)x);
#else
    *(unaligned::Vec*)p = x;
#endif
}
inline void streamFence()
{
#if defined(__x86_64__)
    _mm_sfence();
#endif
}

/// The first n lanes (0 ≤ n ≤ kLanes), zeros beyond; memory beyond them is not touched.
inline Vec loadPart(const float* p, int64_t n)
{
#if defined(__AVX512F__)
    return (Vec)_mm512_maskz_loadu_ps((__mmask16)((1U << n) - 1U), p);
#else
    Vec x{};
    for (int64_t i = 0; i < n; ++i)
        x[i] = p[i];
    return x;
#endif
}
inline Vec loadPart(const BFloat16* p, int64_t n)
{
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    return widen((HalfVec)_mm256_maskz_loadu_epi16((__mmask16)((1U << n) - 1U), p));
#else
    HalfVec x{};
    for (int64_t i = 0; i < n; ++i)
        x[i] = p[i].bits;
    return widen(x);
#endif
}
inline void storePart(float* p, Vec x, int64_t n)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1U << n) - 1U), (__m512)x);
#else
    for (int64_t i = 0; i < n; ++i)
        p[i] = x[i];
#endif
}
inline void storePart(BFloat16* p, Vec x, int64_t n)
{
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    _mm256_mask_storeu_epi16(p, (__mmask16)((1U << n) - 1U), (__m256i)narrow(x));
#else
    const HalfVec bits = narrow(x);
    for (int64_t i = 0; i < n; ++i)
        p[i].bits = bits[i];
#endif
}

/// body(i, Full or Part) over [0, n) in steps of kLanes: its loads and stores go through the
/// second argument, which knows whether all lanes are there.
struct Full {
    template <typename T> Vec load(const T* p) const { return MOE_ISA::load(p); }
    template <typename T> void store(T* p, Vec x) const { MOE_ISA::store(p, x); }
};
struct Part {
    int64_t lanes;
    template <typename T> Vec load(const T* p) const { return loadPart(p, lanes); }
    template <typename T> void store(T* p, Vec x) const { storePart(p, x, lanes); }
};
template <typename Body>
inline __attribute__((always_inline)) void eachVector(int64_t n, const Body& body)
{
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        body(i, Full{});
    if (i < n)
        body(i, Part{n - i});
}

inline Vec select(IntVec mask, Vec a, Vec b)
{
    return (Vec)((mask & (IntVec)a) | (~mask & (IntVec)b));
}
inline Vec maximum(Vec a, Vec b)
{
#if defined(__AVX512F__)
    return (Vec)_mm512_maskz_max_ps(kAllLanes, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (Vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return select(a > b, a, b);
#endif
}
inline Vec minimum(Vec a, Vec b)
{
#if defined(__AVX512F__)
    return (Vec)_mm512_maskz_min_ps(kAllLanes, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (Vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return select(a < b, a, b);
#endif
}

inline float sum(Vec x)
{
    float total = 0.0F;
    for (int i = 0; i < kLanes; ++i)
        total += x[i];
    return total;
}
inline float greatest(Vec x)
{
    float best = x[0];
    for (int i = 1; i < kLanes; ++i)
        best = x[i] > best ? x[i] : best;
    return best;
}
inline double sum(DoubleVec x)
{
    double total = 0.0;
    for (int i = 0; i < kLanes; ++i)
        total += x[i];
    return total;
}
inline DoubleVec toDouble(Vec x)
{
    return __builtin_convertvector(x, DoubleVec);
}
inline Vec toFloat(DoubleVec x)
{
    return __builtin_convertvector(x, Vec);
}

/// 0, 1, 2 …
inline IntVec laneIndex()
{
    IntVec index{};
    for (int i = 0; i < kLanes; ++i)
        index[i] = i;
    return index;
}

/// e^x to about one unit in the last place: x = n ln 2 + r, a polynomial in r, n into the exponent.
/// 0 below −87 (also for −∞), no overflow above 88; a NaN stays one.
inline Vec exponential(Vec x)
{
    const Vec clamped = select(x > splat(88.0F), splat(88.0F), x);
    const Vec shifted = clamped * 1.44269504088896341F + 12582912.0F; // 1.5 · 2^23: rounds
    const Vec n = shifted - 12582912.0F;
    Vec r = clamped - n * 0.693145751953125F;
    r = r - n * 1.42860682030941723212e-6F;
    Vec p = splat(1.9875691500e-4F);
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * (r * r) + (r + 1.0F);
    // Unsigned: far below −87 it wraps, and the last line takes it away.
    const UintVec exponent = ((UintVec)shifted - 0x4B400000U + 127U) << 23;
    const Vec result = p * (Vec)exponent;
    return (Vec)((IntVec)result & ~(IntVec)(x < splat(-87.0F)));
}

inline Vec sigmoid(Vec x)
{
    return 1.0F / (1.0F + exponential(-x));
}

/// √x of each lane.
inline Vec squareRoot(Vec x)
{
#if defined(__AVX512F__)
    return (Vec)_mm512_maskz_sqrt_ps(kAllLanes, (__m512)x);
#elif defined(__AVX2__)
    return (Vec)_mm256_sqrt_ps((__m256)x);
#else
    for (int i = 0; i < kLanes; ++i)
        x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}

} // namespace moe::kernels::cpu::MOE_ISA
