// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/isa/float8.h"
#include "kernels/cpu/isa/stored_tokens.h"

// How codes become vectors, exactly, NaN codes too. Each decoder gives kVectors vectors for a chunk
// of kBytes bytes of codes (the order's chunkOf elements). None of them needs subnormal float32
// arithmetic: somebody may have turned that off.
namespace moe::kernels::cpu::MOE_ISA {

inline Vec decodeFloat16(HalfVec halves)
{
#if defined(__AVX2__) && !defined(__AVX512F__)
    return (Vec)_mm256_cvtph_ps((__m128i)halves);
#else
    const UintVec codes = __builtin_convertvector(halves, UintVec);
    const UintVec magnitude = (codes & 0x7FFFU) << 13;
    const UintVec endless = (UintVec)(magnitude >= (31U << 23U)) & 0x7F800000U;
    return (Vec)((UintVec)fromMagnitude<15>(magnitude) | endless | ((codes & 0x8000U) << 16));
#endif
}

/// 2^(code − 127) of E8M0; 255 is NaN.
inline float exponentOf(uint8_t code)
{
    const uint32_t bits = code == 0 ? 0x00400000U
        : code == 255               ? 0x7FC00000U
                                    : uint32_t{code} << 23U;
    float value;
    __builtin_memcpy(&value, &bits, sizeof(value));
    return value;
}
inline constexpr float kFloat4[16]
    = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6, -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6};

struct Codes {
    const uint8_t* codes;
    const uint8_t* exponents; ///< of the row (MxFloat4)
};

namespace floats {

struct Float32 {
    static constexpr int kVectors = 1, kBytes = 4 * kLanes;
    static void decode(const Codes& from, int64_t, Vec* to)
    {
        to[0] = load((const float*)from.codes);
    }
};
struct Bf16 {
    static constexpr int kVectors = 1, kBytes = 2 * kLanes;
    static void decode(const Codes& from, int64_t, Vec* to)
    {
        to[0] = load((const BFloat16*)from.codes);
    }
};
struct Float16 {
    static constexpr int kVectors = 1, kBytes = 2 * kLanes;
    static void decode(const Codes& from, int64_t, Vec* to)
    {
        to[0] = decodeFloat16(*(const unaligned::HalfVec*)from.codes);
    }
};
struct E4M3 {
    static constexpr int kVectors = 1, kBytes = kLanes;
    static void decode(const Codes& from, int64_t, Vec* to) { to[0] = decodeE4M3(from.codes); }
};
struct E5M2 { // the upper byte of a float16
    static constexpr int kVectors = 1, kBytes = kLanes;
    static void decode(const Codes& from, int64_t, Vec* to)
    {
        to[0] = decodeFloat16(
            __builtin_convertvector(*(const unaligned::ByteVec*)from.codes, HalfVec) << 8);
    }
};
struct MxFloat4 {
    static constexpr int kVectors = 1, kBytes = kLanes / 2;
    static void decode(const Codes& from, int64_t chunk, Vec* to)
    {
        const float scale = exponentOf(from.exponents[chunk * kLanes / kMxBlock]);
#if defined(__AVX2__) && !defined(__AVX512F__)
        uint32_t codes = 0;
        __builtin_memcpy(&codes, from.codes, sizeof(codes));
        const UintVec shifted = (UintVec{} + codes) >> UintVec{0, 4, 8, 12, 16, 20, 24, 28};
        const auto size = _mm256_permutevar8x32_ps(_mm256_loadu_ps(kFloat4), (__m256i)shifted);
        to[0] = (Vec)((UintVec)size | ((shifted << 28) & 0x80000000U)) * scale;
#else
        for (int i = 0; i < kLanes; i += 2) {
            const uint8_t pair = from.codes[i / 2];
            to[0][i] = kFloat4[pair & 15U] * scale;
            to[0][i + 1] = kFloat4[pair >> 4U] * scale;
        }
#endif
    }
};

} // namespace floats

namespace quads {

using SignedBytes = int8_t __attribute__((vector_size(4 * kLanes)));
using Bytes = uint8_t __attribute__((vector_size(4 * kLanes)));
using SignedShorts = int16_t __attribute__((vector_size(4 * kLanes)));
using Shorts = uint16_t __attribute__((vector_size(4 * kLanes)));
namespace unaligned {
using Bytes = uint8_t __attribute__((vector_size(4 * kLanes), aligned(1), may_alias));
}

inline SignedBytes larger(SignedBytes a, SignedBytes b)
{
    return a > b ? a : b;
}
inline bool anyOf(SignedBytes mask)
{
#if defined(__AVX512F__)
    return _mm512_movepi8_mask((__m512i)mask) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(__SSE2__)
    return _mm_movemask_epi8((__m128i)mask) != 0;
#else
    using Longs = int64_t __attribute__((vector_size(16)));
    return (((Longs)mask)[0] | ((Longs)mask)[1]) != 0;
#endif
}

/// E4M3 as bfloat16, whose exponent has room: the magnitude moves to its place and the bias is
/// added. That is right for normal numbers alone ("plain"), which is all that most chunks have.
struct E4M3 {
    static constexpr int kVectors = 4, kBytes = 4 * kLanes;

    static void decodePlain(const Codes& from, int64_t, Vec* to)
    {
        const auto pairs = (Shorts)load(from.codes);
        constexpr auto kPlaces = static_cast<int16_t>(0x87F0);
        constexpr int16_t kBias = (127 - 7) << 7;
        const auto even = (UintVec)((((SignedShorts)(pairs << 8) >> 4) & kPlaces) + kBias);
        const auto odd = (UintVec)((((SignedShorts)pairs >> 4) & kPlaces) + kBias);
        to[0] = (Vec)(even << 16);
        to[1] = (Vec)(odd << 16);
        to[2] = (Vec)(even & 0xFFFF0000U);
        to[3] = (Vec)(odd & 0xFFFF0000U);
    }
    /// Whether a chunk of each of these rows is plain.
    static bool arePlain(const Codes* rows, int count, int64_t offset)
    {
        SignedBytes most = order(load(rows[0].codes + offset));
        for (int i = 1; i < count; ++i)
            most = larger(most, order(load(rows[i].codes + offset)));
        return !anyOf((SignedBytes)(most > kMostPlain));
    }
    static void decode(Codes from, int64_t chunk, Vec* to)
    {
        asm("" : "+r"(from.codes)); // else the compiler decodes before it knows what is plain
        decodePlain(from, chunk, to);
        if (__builtin_expect(arePlain(&from, 1, 0), 1))
            return;
        const auto isNaN = anyOf((SignedBytes)(order(load(from.codes)) == kMostPlain + 2));
        for (int v = 0; v < kVectors; ++v)
            to[v] = isNaN ? withNaN(withSubnormals(to[v])) : withSubnormals(to[v]);
    }

private:
    static constexpr uint32_t kSign = 0x80000000U;
    static constexpr int8_t kMostPlain = 108;

    static Bytes load(const uint8_t* p) { return *(const unaligned::Bytes*)p; }
    /// Twice the code drops its sign; −128 to 108 are normal then, 110 NaN and 112 to 126
    /// subnormal.
    static SignedBytes order(Bytes codes) { return (SignedBytes)(codes + codes + 112); }

    /// 2^−7 (1 + m / 8), as a subnormal was read, becomes 2^−6 m / 8.
    static Vec withSubnormals(Vec x)
    {
        const Vec size = (Vec)((UintVec)x & ~kSign);
        return (Vec)((UintVec)minimum(size, size * 2.0F - 0x1p-6F) | ((UintVec)x & kSign));
    }
    /// 480, as NaN was read, becomes NaN.
    static Vec withNaN(Vec x)
    {
        const auto found = (UintVec)((Vec)((UintVec)x & ~kSign) > 448.0F);
        return (Vec)((UintVec)x | (found & 0x7FC00000U));
    }
};

} // namespace quads

#if defined(__AVX512BF16__)
namespace pairs {

/// Upper and lower byte of the bfloat16 of codes 0 to 127; the sign goes into the upper one.
struct ByteTables {
    alignas(64) uint8_t upper[128], lower[128];
};
/// A float of 8 bits whose exponent has `bias`; the `specials` largest codes are not finite.
constexpr ByteTables byteTables(int fractionBits, int bias, int firstNaN, int infinity)
{
    ByteTables tables{};
    for (int code = 0; code < 128; ++code) {
        int exponent = code >> fractionBits, fraction = code & ((1 << fractionBits) - 1);
        int bits = 0;
        if (code >= firstNaN || code == infinity) {
            bits = code == infinity ? 0x7F80 : 0x7FC0;
        } else if (code != 0) {
            if (exponent == 0) // normal in bfloat16
                for (exponent = 1; fraction < 1 << fractionBits; fraction <<= 1)
                    --exponent;
            bits = ((exponent + 127 - bias) << 7) | ((fraction << (7 - fractionBits)) & 0x7F);
        }
        tables.upper[code] = static_cast<uint8_t>(bits >> 8);
        tables.lower[code] = static_cast<uint8_t>(bits);
    }
    return tables;
}

inline constexpr ByteTables kE4M3 = byteTables(3, 7, 0x7F, -1);
inline constexpr ByteTables kE5M2 = byteTables(2, 15, 0x7D, 0x7C);

template <const ByteTables& kTables> struct Byte {
    static constexpr int kVectors = 2, kBytes = 64;
    static void decode(const Codes& from, int64_t, Vec* to)
    {
        const __m512i codes = _mm512_loadu_si512(from.codes);
        const __m512i upper = _mm512_permutex2var_epi8(
            _mm512_load_si512(kTables.upper), codes, _mm512_load_si512(kTables.upper + 64));
        const __m512i lower = _mm512_permutex2var_epi8(
            _mm512_load_si512(kTables.lower), codes, _mm512_load_si512(kTables.lower + 64));
        constexpr int kOrAnd = 0xF8; // a | (b & c)
        const __m512i withSign = _mm512_ternarylogic_epi32(
            upper, codes, _mm512_set1_epi8(static_cast<char>(0x80)), kOrAnd);
        to[0] = (Vec)_mm512_unpacklo_epi8(lower, withSign);
        to[1] = (Vec)_mm512_unpackhi_epi8(lower, withSign);
    }
};
using E4M3 = Byte<kE4M3>;
using E5M2 = Byte<kE5M2>;

struct Bf16 {
    static constexpr int kVectors = 1, kBytes = 64;
    static void decode(const Codes& from, int64_t, Vec* to)
    {
        to[0] = *(const unaligned::Vec*)from.codes;
    }
};

/// The 16 values of a block as bfloat16, for each exponent of E8M0.
struct Float4Tables {
    alignas(64) uint16_t bits[256][16];
};
constexpr Float4Tables float4Tables()
{
    // Magnitudes of kFloat4 as bfloat16: 8 bits of exponent, 7 of fraction.
    constexpr int kOnes[8] = {0, 0x3F00, 0x3F80, 0x3FC0, 0x4000, 0x4040, 0x4080, 0x40C0};
    Float4Tables tables{};
    for (int exponent = 0; exponent < 256; ++exponent)
        for (int code = 0; code < 16; ++code) {
            const int one = kOnes[code % 8], moved = (one >> 7) + exponent - 127;
            int bits = 0;
            if (exponent == 255)
                bits = 0x7FC0;
            else if (one != 0)
                bits = moved >= 255 ? 0x7F80
                    : moved >= 1    ? (moved << 7) | (one & 0x7F)
                                    : (0x80 | (one & 0x7F)) >> (1 - moved);
            tables.bits[exponent][code] = static_cast<uint16_t>(bits | (code >= 8 ? 0x8000 : 0));
        }
    return tables;
}
inline constexpr Float4Tables kFloat4Tables = float4Tables();

struct MxFloat4 {
    static constexpr int kVectors = 1, kBytes = 16;
    static void decode(const Codes& from, int64_t chunk, Vec* to)
    {
        const UintVec pairs = widenBytes(from.codes);
        const UintVec nibbles = (pairs | (pairs << 12)) & 0x000F000FU;
        const __m256i table
            = _mm256_load_si256((const __m256i*)kFloat4Tables.bits[from.exponents[chunk]]);
        to[0] = (Vec)_mm512_permutexvar_epi16((__m512i)nibbles, _mm512_castsi256_si512(table));
    }
};

} // namespace pairs
#endif

/// Whether a decoder's vectors may hold subnormal bfloat16, which the product of pairs takes for
/// zero.
template <typename Decoder> inline constexpr bool kWidensSubnormals = false;
#if defined(__AVX512BF16__)
template <> inline constexpr bool kWidensSubnormals<pairs::Bf16> = true;
template <> inline constexpr bool kWidensSubnormals<pairs::MxFloat4> = true;
#endif

} // namespace moe::kernels::cpu::MOE_ISA
