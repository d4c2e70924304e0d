// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Every code of the small floats against its formula, and rounding against a search for the
// nearest value.
#include "kernels/fp8.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

using namespace moe::kernels;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A format with infinities (or, E4M3, without): value and nearest code by definition, in doubles.
struct Format {
    int exponentBits, fractionBits;
    bool infinities;
    std::function<float(uint32_t)> decode;
    std::function<uint32_t(float)> encode;

    uint32_t signBit() const { return 1U << (exponentBits + fractionBits); }
    /// One past the codes of finite positive numbers.
    uint32_t finiteEnd() const
    {
        return infinities ? signBit() - (1U << fractionBits) : signBit() - 1U;
    }
    double value(uint32_t code) const
    {
        const int bias = (1 << (exponentBits - 1)) - 1;
        const auto exponent = static_cast<int>((code & (signBit() - 1U)) >> fractionBits);
        const double fraction
            = std::ldexp(static_cast<double>(code & ((1U << fractionBits) - 1U)), -fractionBits);
        const double size = exponent ? std::ldexp(1.0 + fraction, exponent - bias)
                                     : std::ldexp(fraction, 1 - bias);
        return code & signBit() ? -size : size;
    }
    uint32_t nearest(double size) const ///< of a size, by bisection
    {
        uint32_t low = 0, high = finiteEnd(); // high: infinity, or what would come after 448
        if (size >= value(high - 1))
            low = high - 1;
        while (high - low > 1) {
            const uint32_t middle = (low + high) / 2;
            (value(middle) <= size ? low : high) = middle;
        }
        const double half = (value(low) + value(high)) / 2;
        const uint32_t code = size > half || (size == half && (low & 1U)) ? high : low;
        return !infinities && code == finiteEnd() ? code - 1 : code; // saturates
    }
};

Format e4m3()
{
    return {4, 3, false, [](uint32_t code) { return decodeE4M3(static_cast<uint8_t>(code)); },
        encodeE4M3};
}
Format e5m2()
{
    return {5, 2, true, [](uint32_t code) { return decodeE5M2(static_cast<uint8_t>(code)); },
        encodeE5M2};
}
Format half()
{
    return {5, 10, true, [](uint32_t code) { return decodeFloat16(static_cast<uint16_t>(code)); },
        encodeFloat16};
}

bool sameBits(float a, float b)
{
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

} // namespace

Q_DECLARE_METATYPE(Format)

class Fp8Test : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCodeBothWays_data() { formats(); }
    void everyCodeBothWays()
    {
        QFETCH(Format, format);
        for (uint32_t code = 0; code < 2 * format.signBit(); ++code) {
            const uint32_t size = code & (format.signBit() - 1U);
            const float value = format.decode(code);
            if (format.infinities && size == format.finiteEnd()) {
                QCOMPARE(double{value}, code == size ? kInfinity : -kInfinity);
            } else if (size >= format.finiteEnd()) {
                QVERIFY(std::isnan(value));
                continue;
            } else {
                QVERIFY(sameBits(value, static_cast<float>(format.value(code))));
            }
            QCOMPARE(format.encode(value), code);
        }
    }

    void roundingIsToNearestEven_data() { formats(); }
    void roundingIsToNearestEven()
    {
        QFETCH(Format, format);
        const uint64_t seed = moe::tests::testSeed();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        std::mt19937_64 random(seed);
        std::vector<float> sizes{0x1.0p-149F, 0x1.0p-126F, std::numeric_limits<float>::max(), 1e6F};
        for (uint32_t code = 0; code < format.finiteEnd(); ++code) {
            const auto low = static_cast<float>(format.value(code));
            const auto middle
                = static_cast<float>((format.value(code) + format.value(code + 1)) / 2);
            for (float size : {low, middle})
                sizes.insert(
                    sizes.end(), {size, std::nextafter(size, 1e30F), std::nextafter(size, -1e30F)});
        }
        for (int i = 0; i < 100'000; ++i)
            sizes.push_back(std::bit_cast<float>(static_cast<uint32_t>(random()) & 0x7F7FFFFFU));
        for (float size : sizes) {
            if (std::signbit(size))
                continue;
            const uint32_t code = format.nearest(size);
            QVERIFY2(format.encode(size) == code, qPrintable(QString::number(size, 'g', 9)));
            QCOMPARE(format.encode(-size), code | format.signBit());
        }
    }

    void whatIsNoNumber()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const float infinity = std::numeric_limits<float>::infinity();
        QCOMPARE(int{encodeE4M3(nan)}, 0x7F);
        QCOMPARE(int{encodeE4M3(infinity)}, 0x7E);
        QCOMPARE(int{encodeE4M3(-infinity)}, 0xFE);
        QCOMPARE(int{encodeE5M2(nan)}, 0x7F);
        QVERIFY(std::isnan(decodeE5M2(encodeE5M2(-nan))));
        QVERIFY(std::isnan(decodeFloat16(encodeFloat16(nan))));
        QVERIFY(std::isnan(decodeFloat16(0x7C01)) && std::isnan(decodeFloat16(0xFFFF)));
    }

    void knownPoints()
    {
        // The points of the format's description: ties go to the even code, 464 and beyond to 448.
        const std::vector<std::pair<float, int>> points{{17, 0x58}, {19, 0x5A}, {21, 0x5A},
            {0x1.8p-9F, 0x02}, {0x1.0p-10F, 0x00}, {448, 0x7E}, {464, 0x7E}, {465, 0x7E},
            {0x1.0p-9F, 0x01}, {0x1.0p-6F, 0x08}, {-1, 0xB8}};
        for (const auto& [value, code] : points)
            QCOMPARE(int{encodeE4M3(value)}, code);
    }

    void microscaling()
    {
        const std::vector<float> sizes{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
        for (uint8_t code = 0; code < 16; ++code) {
            const float size = sizes[code & 7U];
            QVERIFY(sameBits(decodeFloat4(code), code & 8U ? -size : size));
            QVERIFY(sameBits(decodeFloat4(code | 0xF0U), decodeFloat4(code)));
        }
        for (int code = 0; code < 255; ++code)
            QVERIFY(
                sameBits(decodeExponent(static_cast<uint8_t>(code)), std::ldexp(1.0F, code - 127)));
        QVERIFY(std::isnan(decodeExponent(255)));
    }

private:
    static void formats()
    {
        QTest::addColumn<Format>("format");
        QTest::newRow("E4M3") << e4m3();
        QTest::newRow("E5M2") << e5m2();
        QTest::newRow("half") << half();
    }
};

QTEST_GUILESS_MAIN(Fp8Test)
#include "fp8_test.moc"
