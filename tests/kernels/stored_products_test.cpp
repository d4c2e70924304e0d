// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/bfloat16.h"
#include "kernels/cases/host_array.h"
#include "kernels/cpu/instruction_set.h"
#include "kernels/fp8.h"
#include "kernels/reference/reference_backend.h"
#include "kernels/stored_matrix.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

/// Products with stored weights, all instruction sets: as exact as their sums allow for every
/// format, scale and shape, and the same bits whatever the number of rows.

using namespace moe::kernels;
using cases::RandomInputs;

namespace {

constexpr WeightFormat kFormats[]
    = {WeightFormat::Float32, WeightFormat::BFloat16, WeightFormat::Float16,
        WeightFormat::Float8E4M3, WeightFormat::Float8E5M2, WeightFormat::MxFloat4};
constexpr DType kActs[] = {DType::Float32, DType::BFloat16};

/// A matrix of random codes, subnormal ones as likely as any, and its memory.
struct Weight {
    std::vector<std::byte> codes;
    std::vector<float> scales;
    std::vector<uint8_t> exponents;
    StoredMatrix stored;
};

bool isFinite(WeightFormat format, const std::byte* code)
{
    uint8_t byte = std::to_integer<uint8_t>(*code);
    if (format == WeightFormat::Float8E4M3)
        return std::isfinite(decodeE4M3(byte));
    return format != WeightFormat::Float8E5M2 || std::isfinite(decodeE5M2(byte));
}

void putValue(WeightFormat format, std::byte* to, double value)
{
    const auto put = [&](auto x) {
        std::memcpy(to, &x, sizeof(x));
    };
    if (format == WeightFormat::Float32)
        put(static_cast<float>(value));
    else if (format == WeightFormat::BFloat16)
        put(BFloat16(static_cast<float>(value)));
    else
        put(encodeFloat16(static_cast<float>(value)));
}

Weight randomWeight(RandomInputs& random, WeightFormat format, ScaleLayout layout, int64_t out,
    int64_t in, int64_t blockIn = 128)
{
    Weight weight;
    StoredMatrix& stored = weight.stored;
    stored.format = format;
    stored.layout = layout;
    stored.out = out;
    stored.in = in;
    stored.blockIn = blockIn;
    stored.blockOut = random.below(2) ? 128 : 1 + random.below(7);
    const int64_t own = codeBytes(format, in);
    stored.rowBytes = own + (random.below(2) ? 0 : random.below(3) * 4);
    weight.codes.resize(static_cast<size_t>(out * stored.rowBytes));
    for (int64_t row = 0; row < out; ++row) {
        std::byte* codes = weight.codes.data() + row * stored.rowBytes;
        const int64_t bytes = own / in;
        if (own > in) {
            for (int64_t i = 0; i < in; ++i)
                putValue(format, codes + i * bytes,
                    random.below(4) ? random.normals(1)[0] : random.normals(1)[0] * 3e-6);
        } else {
            for (int64_t i = 0; i < own; ++i) {
                do
                    codes[i] = static_cast<std::byte>(random.below(256));
                while (!isFinite(format, codes + i));
            }
        }
    }
    const int64_t scales = layout == ScaleLayout::None ? 0
        : layout == ScaleLayout::Tensor                ? 1
        : layout == ScaleLayout::Row
        ? out
        : (out + stored.blockOut - 1) / stored.blockOut * ((in + blockIn - 1) / blockIn);
    for (int64_t i = 0; i < scales; ++i)
        weight.scales.push_back(static_cast<float>(random.uniform(0.001, 0.02)));
    if (format == WeightFormat::MxFloat4) {
        stored.exponentRowBytes = in / kMxBlock + random.below(3);
        for (int64_t i = 0; i < out * stored.exponentRowBytes; ++i)
            weight.exponents.push_back(static_cast<uint8_t>(120 + random.below(8)));
    }
    stored.codes = weight.codes.data();
    stored.scales = weight.scales;
    stored.exponents = weight.exponents.data();
    return weight;
}

/// A backend, its tensors from host values.
class Room {
public:
    explicit Room(std::unique_ptr<Backend> backend)
        : m_backend(std::move(backend))
    {
    }
    Backend& operator*() { return *m_backend; }
    Backend* operator->() { return m_backend.get(); }
    TensorView put(const cases::HostArray& array)
    {
        m_tensors.push_back(m_backend->allocate(array.shape, array.dtype, MemoryKind::Activations));
        m_backend->upload(m_tensors.back(), cases::encode(array).data());
        return m_tensors.back();
    }
    const PlacedMatrix* place(const Weight& weight)
    {
        m_placed.push_back(m_backend->place(weight.stored));
        return m_placed.back().get();
    }
    std::vector<double> get(const TensorView& view)
    {
        std::vector<std::byte> bytes(static_cast<size_t>(view.bytes()));
        m_backend->download(bytes.data(), view);
        return cases::decode(view.shape, view.dtype, bytes.data()).values;
    }

private:
    std::unique_ptr<Backend> m_backend;
    std::vector<Tensor> m_tensors;
    std::vector<std::unique_ptr<PlacedMatrix>> m_placed;
};

cases::HostArray rowsOf(const cases::HostArray& array, int64_t first, int64_t count)
{
    const int64_t columns = array.shape.elements() / array.shape[0];
    const auto begin = array.values.begin() + first * columns;
    return {{count, columns}, array.dtype, {begin, begin + count * columns}};
}

double largest(const std::vector<double>& values)
{
    double most = 0;
    for (const double value : values)
        most = std::max(most, std::abs(value));
    return most;
}

bool near(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance)
{
    const double most = largest(expected);
    for (size_t i = 0; i < expected.size(); ++i) {
        if (!(std::abs(actual[i] - expected[i]) <= tolerance * most)) {
            qWarning("element %zu: %.9g instead of %.9g (largest %.9g)", i, actual[i], expected[i],
                most);
            return false;
        }
    }
    return true;
}

struct Ffn {
    Weight gate, up, down;
    cases::HostArray gateBias, upBias, downBias;
};

FeedForward placed(Room& room, const Ffn& ffn, bool biased)
{
    const auto linear = [&](const Weight& weight, const cases::HostArray& bias) {
        return Linear{room.place(weight), biased ? room.put(bias) : TensorView{}};
    };
    return {
        linear(ffn.gate, ffn.gateBias), linear(ffn.up, ffn.upBias), linear(ffn.down, ffn.downBias)};
}

} // namespace

class StoredProductsTest : public QObject {
    Q_OBJECT

private:
    const uint64_t m_seed = moe::tests::testSeed();
    RandomInputs m_random{m_seed};

    std::vector<double> linear(cpu::InstructionSet set, const Weight& weight,
        const cases::HostArray& x, const cases::HostArray& bias, const cases::HostArray& addend)
    {
        Room room(cpu::makeBackend(set, 2));
        const TensorView y = room.put(addend);
        room->linear(room.put(x), {room.place(weight), room.put(bias)}, y, y);
        return room.get(y);
    }

    void checkLinear(const Weight& weight, DType act, int64_t tokens)
    {
        const int64_t in = weight.stored.in, out = weight.stored.out;
        const auto x = m_random.normal({tokens, in}, act);
        const auto bias = m_random.normal({out}, DType::Float32);
        const auto addend = m_random.normal({tokens, out}, DType::Float32);
        Room reference(makeReferenceBackend());
        const TensorView y = reference.put(addend);
        reference->linear(reference.put(x), {reference.place(weight), reference.put(bias)}, y, y);
        const std::vector<double> expected = reference.get(y);
        for (const cpu::InstructionSet set : cpu::availableSets()) {
            const std::vector<double> all = linear(set, weight, x, bias, addend);
            QVERIFY2(near(all, expected, 1e-5), cpu::nameOf(set));
            const int64_t first = m_random.below(tokens),
                          count = 1 + m_random.below(tokens - first);
            const std::vector<double> part
                = linear(set, weight, rowsOf(x, first, count), bias, rowsOf(addend, first, count));
            QVERIFY2(
                std::equal(part.begin(), part.end(), all.begin() + first * out), cpu::nameOf(set));
        }
    }

private Q_SLOTS:
    void initTestCase() { qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(m_seed)); }

    void linear_data()
    {
        QTest::addColumn<int>("format");
        QTest::addColumn<int>("layout");
        const char* const names[] = {"float32", "bfloat16", "float16", "e4m3", "e5m2", "mxfp4"};
        const char* const layouts[] = {"none", "tensor", "row", "block"};
        for (const WeightFormat format : kFormats) {
            for (const ScaleLayout layout :
                {ScaleLayout::None, ScaleLayout::Tensor, ScaleLayout::Row, ScaleLayout::Block})
                QTest::addRow("%s scales %s", names[static_cast<int>(format)],
                    layouts[static_cast<int>(layout)])
                    << static_cast<int>(format) << static_cast<int>(layout);
        }
    }
    void linear()
    {
        QFETCH(int, format);
        QFETCH(int, layout);
        const auto which = static_cast<WeightFormat>(format);
        for (const DType act : kActs) {
            for (const int64_t tokens : {int64_t{1}, int64_t{2}, int64_t{3}, int64_t{4},
                     5 + m_random.below(8), 13 + m_random.below(30)}) {
                int64_t in = 1 + m_random.below(700);
                if (which == WeightFormat::MxFloat4)
                    in = (in + 31) / 32 * 32;
                const int64_t blockIn = m_random.below(3) ? 128 : 1 + m_random.below(200);
                const Weight weight = randomWeight(m_random, which,
                    static_cast<ScaleLayout>(layout), 1 + m_random.below(70), in, blockIn);
                checkLinear(weight, act, tokens);
                if (QTest::currentTestFailed())
                    return;
            }
        }
    }

    /// Weights about the least normal number, activations so large that the products are ordinary.
    void subnormalWeightsAreExact_data()
    {
        QTest::addColumn<int>("format");
        QTest::addColumn<int>("layout");
        for (const ScaleLayout layout : {ScaleLayout::None, ScaleLayout::Row, ScaleLayout::Block}) {
            QTest::addRow("bfloat16 %d", static_cast<int>(layout))
                << static_cast<int>(WeightFormat::BFloat16) << static_cast<int>(layout);
            QTest::addRow("mxfp4 %d", static_cast<int>(layout))
                << static_cast<int>(WeightFormat::MxFloat4) << static_cast<int>(layout);
        }
    }
    void subnormalWeightsAreExact()
    {
        QFETCH(int, format);
        QFETCH(int, layout);
        const auto which = static_cast<WeightFormat>(format);
        for (const DType act : kActs) {
            for (const int64_t tokens : {1, 2, 4, 9, 40}) {
                const int64_t in = (1 + m_random.below(20)) * kMxBlock
                    + (which == WeightFormat::MxFloat4 ? 0 : m_random.below(32));
                const int64_t out = 1 + m_random.below(70);
                Weight weight
                    = randomWeight(m_random, which, static_cast<ScaleLayout>(layout), out, in);
                for (uint8_t& exponent : weight.exponents)
                    exponent = static_cast<uint8_t>(m_random.below(3));
                for (int64_t row = 0; which == WeightFormat::BFloat16 && row < out; ++row)
                    for (int64_t i = 0; i < in; ++i)
                        putValue(which, weight.codes.data() + row * weight.stored.rowBytes + 2 * i,
                            std::ldexp(m_random.normals(1)[0], row % 3 ? -126 : -124));
                cases::HostArray x = m_random.normal({tokens, in}, act);
                for (double& value : x.values)
                    value = std::ldexp(value, 120);
                const cases::HostArray none{
                    {out}, DType::Float32, std::vector<double>(static_cast<size_t>(out))};
                const auto zeros = [&](int64_t rows) {
                    return cases::HostArray{{rows, out}, DType::Float32,
                        std::vector<double>(static_cast<size_t>(rows * out))};
                };
                Room reference(makeReferenceBackend());
                const TensorView y = reference.put(zeros(tokens));
                reference->linear(
                    reference.put(x), {reference.place(weight), reference.put(none)}, y, y);
                const std::vector<double> expected = reference.get(y);
                for (const cpu::InstructionSet set : cpu::availableSets()) {
                    const auto all = linear(set, weight, x, none, zeros(tokens));
                    QVERIFY2(near(all, expected, 1e-5), cpu::nameOf(set));
                    const int64_t first = m_random.below(tokens);
                    const auto one = linear(set, weight, rowsOf(x, first, 1), none, zeros(1));
                    QVERIFY2(std::equal(one.begin(), one.end(), all.begin() + first * out),
                        cpu::nameOf(set));
                }
            }
        }
    }

    void everyByteIsDecodedExactly_data()
    {
        QTest::addColumn<int>("format");
        QTest::newRow("e4m3") << static_cast<int>(WeightFormat::Float8E4M3);
        QTest::newRow("e5m2") << static_cast<int>(WeightFormat::Float8E5M2);
    }
    /// Row i holds code i at a place of its own and zeros elsewhere; x is one there.
    void everyByteIsDecodedExactly()
    {
        QFETCH(int, format);
        const bool isE4M3 = format == static_cast<int>(WeightFormat::Float8E4M3);
        Weight weight;
        const int64_t in = 65 + m_random.below(200);
        weight.codes.resize(static_cast<size_t>(256 * in));
        for (int64_t i = 0; i < 256; ++i)
            weight.codes[static_cast<size_t>(i * in + i % in)] = static_cast<std::byte>(i);
        weight.stored.codes = weight.codes.data();
        weight.stored.format = static_cast<WeightFormat>(format);
        weight.stored.out = 256;
        weight.stored.in = weight.stored.rowBytes = in;
        for (const cpu::InstructionSet set : cpu::availableSets()) {
            for (const DType act : kActs) {
                for (const int64_t tokens : {1, 9}) {
                    Room room(cpu::makeBackend(set, 1));
                    const TensorView x = room.put({{tokens, in}, act,
                        std::vector<double>(static_cast<size_t>(tokens * in), 1.0)});
                    const TensorView y = room.put({{tokens, 256}, DType::Float32,
                        std::vector<double>(static_cast<size_t>(tokens * 256))});
                    room->linear(x, {room.place(weight), {}}, {}, y);
                    const std::vector<double> values = room.get(y);
                    for (size_t i = 0; i < values.size(); ++i) {
                        const auto code = static_cast<uint8_t>(i % 256);
                        const float value = isE4M3 ? decodeE4M3(code) : decodeE5M2(code);
                        QVERIFY(std::isnan(value) ? std::isnan(values[i])
                                                  : values[i] == static_cast<double>(value));
                    }
                }
            }
        }
    }

    /// NaN codes make their rows NaN for every token and leave the other rows as they were.
    void nanStaysInItsRow_data()
    {
        QTest::addColumn<int>("format");
        QTest::addColumn<int>("layout");
        for (const ScaleLayout layout :
            {ScaleLayout::Tensor, ScaleLayout::Row, ScaleLayout::Block}) {
            QTest::addRow("e4m3 %d", static_cast<int>(layout))
                << static_cast<int>(WeightFormat::Float8E4M3) << static_cast<int>(layout);
            QTest::addRow("e5m2 %d", static_cast<int>(layout))
                << static_cast<int>(WeightFormat::Float8E5M2) << static_cast<int>(layout);
        }
    }
    void nanStaysInItsRow()
    {
        QFETCH(int, format);
        QFETCH(int, layout);
        const auto which = static_cast<WeightFormat>(format);
        for (const int64_t tokens : {1, 2, 3, 4, 9, 40}) {
            for (const int64_t blockIn : {int64_t{128}, 1 + m_random.below(100)}) {
                const int64_t in = 1 + m_random.below(500), out = 1 + m_random.below(70);
                Weight weight = randomWeight(
                    m_random, which, static_cast<ScaleLayout>(layout), out, in, blockIn);
                const auto x = m_random.normal({tokens, in}, DType::BFloat16);
                const cases::HostArray bias{
                    {out}, DType::Float32, std::vector<double>(static_cast<size_t>(out))};
                const cases::HostArray zero{{tokens, out}, DType::Float32,
                    std::vector<double>(static_cast<size_t>(tokens * out))};
                const int64_t row = m_random.below(out), column = m_random.below(in);
                const std::byte nan{static_cast<uint8_t>(m_random.below(2) ? 0x7F : 0xFF)};
                for (const cpu::InstructionSet set : cpu::availableSets()) {
                    std::byte& code
                        = weight.codes[static_cast<size_t>(row * weight.stored.rowBytes + column)];
                    const std::byte before = code;
                    const auto without = linear(set, weight, x, bias, zero);
                    code = nan;
                    const auto with = linear(set, weight, x, bias, zero);
                    code = before;
                    for (size_t i = 0; i < with.size(); ++i)
                        QVERIFY2(static_cast<int64_t>(i) % out == row ? std::isnan(with[i])
                                                                      : with[i] == without[i],
                            cpu::nameOf(set));
                }
            }
        }
    }

    /// Exponents at both ends of E8M0.
    void mxFloat4Exponents()
    {
        for (const int exponent : {0, 1, 2, 3, 60, 200, 250, 252}) {
            Weight weight
                = randomWeight(m_random, WeightFormat::MxFloat4, ScaleLayout::None, 20, 96);
            std::fill(
                weight.exponents.begin(), weight.exponents.end(), static_cast<uint8_t>(exponent));
            cases::HostArray x = m_random.normal({3, 96}, DType::BFloat16);
            for (double& value : x.values) // into the middle of float32's range
                value = std::ldexp(value, std::clamp(127 - exponent, -100, 100));
            x = cases::hostArray(x.shape, x.dtype, x.values);
            const cases::HostArray zero{{3, 20}, DType::Float32, std::vector<double>(60)};
            const cases::HostArray noBias{{20}, DType::Float32, std::vector<double>(20)};
            Room reference(makeReferenceBackend());
            const TensorView y = reference.put(zero);
            reference->linear(reference.put(x), {reference.place(weight), {}}, {}, y);
            for (const cpu::InstructionSet set : cpu::availableSets()) {
                if (exponent < 2 && set == cpu::InstructionSet::Avx512Bf16)
                    continue; // subnormal bfloat16: its products are zero
                QVERIFY2(near(linear(set, weight, x, noBias, zero), reference.get(y), 1e-5),
                    cpu::nameOf(set));
            }
        }
    }

    void ffns_data()
    {
        QTest::addColumn<int>("format");
        const char* const names[] = {"float32", "bfloat16", "float16", "e4m3", "e5m2", "mxfp4"};
        for (const WeightFormat format : kFormats)
            QTest::newRow(names[static_cast<int>(format)]) << static_cast<int>(format);
    }
    void ffns()
    {
        QFETCH(int, format);
        for (const DType act : kActs) {
            for (const int64_t tokens : {int64_t{1}, 2 + m_random.below(8), int64_t{60}}) {
                checkFfns(static_cast<WeightFormat>(format), act, tokens);
                if (QTest::currentTestFailed())
                    return;
            }
        }
    }

private:
    Ffn randomFfn(WeightFormat format, int64_t hidden, int64_t ffn)
    {
        const auto scaled = [&](int64_t out, int64_t in) {
            const ScaleLayout layout = static_cast<ScaleLayout>(1 + m_random.below(3));
            Weight weight = randomWeight(m_random, format, layout, out, in);
            const float size = format == WeightFormat::Float8E4M3 ? 1e-3F
                : format == WeightFormat::Float8E5M2              ? 1e-5F
                                                                  : 5.0F;
            for (float& scale : weight.scales)
                scale *= size;
            weight.stored.scales = weight.scales;
            return weight;
        };
        return {scaled(ffn, hidden), scaled(ffn, hidden), scaled(hidden, ffn),
            m_random.normal({ffn}, DType::Float32), m_random.normal({ffn}, DType::Float32),
            m_random.normal({hidden}, DType::Float32)};
    }

    struct Inputs {
        std::vector<Ffn> experts;
        cases::HostArray x, chosen, weights, gate, addend;
        bool biased, gated;
        Gating gating;
    };
    /// Both operations on rows [first, first + count).
    static std::pair<std::vector<double>, std::vector<double>> run(
        Room room, const Inputs& in, int64_t first, int64_t count)
    {
        std::vector<FeedForward> experts;
        for (const Ffn& ffn : in.experts)
            experts.push_back(placed(room, ffn, in.biased));
        const TensorView x = room.put(rowsOf(in.x, first, count));
        const TensorView y = room.put(rowsOf(in.addend, first, count));
        const TensorView z = room.put(rowsOf(in.addend, first, count));
        room->expertRows(x, experts, in.gating, 1.5F, room.put(rowsOf(in.chosen, first, count)),
            room.put(rowsOf(in.weights, first, count)), y, y);
        room->feedForwardRows(x, experts[0], in.gating, 1.5F,
            in.gated ? room.put(rowsOf(in.gate, first, count)) : TensorView{}, z, z);
        return {room.get(y), room.get(z)};
    }

    void checkFfns(WeightFormat format, DType act, int64_t tokens)
    {
        const int64_t hidden = 32 * (1 + m_random.below(4)), ffn = 32 * (1 + m_random.below(6));
        const int64_t uneven = format == WeightFormat::MxFloat4 ? 0 : m_random.below(20);
        Inputs in;
        const int64_t experts = 1 + m_random.below(5), topK = 1 + m_random.below(experts);
        for (int64_t e = 0; e < experts; ++e)
            in.experts.push_back(randomFfn(format, hidden + uneven, ffn + uneven));
        in.x = m_random.normal({tokens, hidden + uneven}, act);
        std::vector<int32_t> chosen;
        std::vector<int32_t> order(static_cast<size_t>(experts));
        std::iota(order.begin(), order.end(), 0);
        for (int64_t t = 0; t < tokens; ++t) {
            std::rotate(order.begin(), order.begin() + m_random.below(experts), order.end());
            chosen.insert(chosen.end(), order.begin(), order.begin() + topK);
        }
        in.chosen = cases::hostArray({tokens, topK}, chosen);
        in.weights = m_random.normal({tokens, topK}, DType::Float32);
        in.gate = m_random.normal({tokens, 1}, DType::Float32);
        in.addend = m_random.normal({tokens, hidden + uneven}, act);
        in.biased = m_random.below(2) == 0;
        in.gated = m_random.below(2) == 0;
        in.gating = m_random.below(2) ? Gating::Silu : Gating::ClampedSwish;

        const auto expected = run(Room(makeReferenceBackend()), in, 0, tokens);
        for (const cpu::InstructionSet set : cpu::availableSets()) {
            for (const int threads : {1, 2, 3}) {
                const auto all = run(Room(cpu::makeBackend(set, threads)), in, 0, tokens);
                const double tolerance = act == DType::Float32 ? 2e-5 : 1.5e-2;
                QVERIFY2(near(all.first, expected.first, tolerance), cpu::nameOf(set));
                QVERIFY2(near(all.second, expected.second, tolerance), cpu::nameOf(set));
                const int64_t first = m_random.below(tokens);
                const int64_t count = 1 + m_random.below(tokens - first);
                const auto part = run(Room(cpu::makeBackend(set, threads)), in, first, count);
                const auto at = first * (hidden + uneven);
                QVERIFY2(std::equal(part.first.begin(), part.first.end(), all.first.begin() + at),
                    cpu::nameOf(set));
                QVERIFY2(
                    std::equal(part.second.begin(), part.second.end(), all.second.begin() + at),
                    cpu::nameOf(set));
            }
        }
    }
};

QTEST_GUILESS_MAIN(StoredProductsTest)
#include "stored_products_test.moc"
