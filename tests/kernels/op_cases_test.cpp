// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/instruction_set.h"
#include "kernels/reference/reference_backend.h"
#include "tests/support/deferred_backend.h"
#include "tests/support/folders.h"
#include "tests/support/test_seed.h"

#include <QFile>
#include <QRegularExpression>
#include <QTest>

#include <exception>
#include <functional>

/// The one table of operation cases: every backend against the reference, values and gradients.

using namespace moe::kernels;
using namespace moe::kernels::cases;
using moe::tests::DeferredBackend;
using moe::tests::testSeed;

namespace {

struct NamedBackend {
    std::string name;
    std::function<std::unique_ptr<Backend>()> make;
};

std::vector<NamedBackend> backends()
{
    std::vector<NamedBackend> all{{"deferred reference", [] {
                                       return std::make_unique<DeferredBackend>(
                                           makeReferenceBackend());
                                   }}};
    for (const cpu::InstructionSet set : cpu::availableSets()) {
        for (const int threads : {1, 2, 3})
            all.push_back({text("cpu %s, %d threads", cpu::nameOf(set), threads), [set, threads] {
                               return cpu::makeBackend(set, threads);
                           }});
    }
    all.push_back({"deferred cpu", [] {
                       return std::make_unique<DeferredBackend>(makeCpuBackend(2));
                   }});
    return all;
}

/// Bit for bit, through the doubles.
bool same(const std::vector<Output>& a, const std::vector<Output>& b)
{
    for (size_t i = 0; i < a.size(); ++i) {
        if (encode(a[i].array) != encode(b[i].array))
            return false;
    }
    return a.size() == b.size();
}

/// What a backend gets wrong in one case; empty when nothing.
std::string wrongIn(const OpCase& opCase, Backend& backend, const std::vector<Output>& expected)
{
    try {
        const std::vector<Output> actual = runCase(opCase, backend);
        std::string lines = differences(actual, expected);
        if (lines.empty() && !same(actual, runCase(opCase, backend)))
            lines = "the second run gives other bits";
        return lines;
    } catch (const std::exception& error) {
        return error.what();
    }
}

/// Names of the pure virtual functions that a header declares.
QStringList interfaceFunctions(const QString& path)
{
    QFile header(moe::tests::qInSource("") + path);
    if (!header.open(QIODevice::ReadOnly))
        return {};
    QString text = QString::fromUtf8(header.readAll());
    text.remove(QRegularExpression(QStringLiteral("//[^\n]*")));
    static const QRegularExpression pure(QStringLiteral(
        R"(virtual\s[^;()]*?(\w+)\s*\([^;]*?\)\s*(?:const\s*)?(?:noexcept\s*)?=\s*0\s*;)"));
    QStringList names;
    for (auto match = pure.globalMatch(text); match.hasNext();)
        names << match.next().captured(1);
    return names;
}

} // namespace

class OpCasesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(m_seed));
        const auto reference = makeReferenceBackend();
        for (const OpCaseGroup& group : opCaseGroups()) {
            m_groups.push_back({group.make(m_random), {}});
            for (const OpCase& opCase : m_groups.back().cases)
                m_groups.back().expected.push_back(runCase(opCase, *reference));
        }
    }

    void everyOperationHasACase()
    {
        const QStringList names = interfaceFunctions(QStringLiteral("kernels/backend.h"))
            + interfaceFunctions(QStringLiteral("kernels/inference.h"));
        QVERIFY2(names.size() >= 41, "the headers could not be read");
        DeferredBackend backend(makeReferenceBackend());
        for (const Group& group : m_groups) {
            for (const OpCase& opCase : group.cases)
                runCase(opCase, backend);
        }
        backend.synchronize();
        for (const QString& name : names)
            QVERIFY2(backend.called().count(name.toStdString()),
                qPrintable(name + QStringLiteral(" has no case")));
    }

    void agreesWithTheReference_data()
    {
        QTest::addColumn<int>("backend");
        QTest::addColumn<int>("group");
        const std::vector<NamedBackend> all = backends();
        const std::vector<OpCaseGroup> groups = opCaseGroups();
        for (size_t b = 0; b < all.size(); ++b) {
            for (size_t g = 0; g < groups.size(); ++g)
                QTest::addRow("%s on %s", groups[g].name, all[b].name.c_str())
                    << static_cast<int>(b) << static_cast<int>(g);
        }
    }
    void agreesWithTheReference()
    {
        QFETCH(int, backend);
        QFETCH(int, group);
        const auto tested = backends()[static_cast<size_t>(backend)].make();
        const std::vector<OpCase>& cases = m_groups[static_cast<size_t>(group)].cases;
        const std::vector<std::vector<Output>>& expected
            = m_groups[static_cast<size_t>(group)].expected;
        int wrong = 0;
        for (size_t i = 0; i < cases.size(); ++i) {
            const std::string lines = wrongIn(cases[i], *tested, expected[i]);
            if (!lines.empty() && ++wrong <= 20)
                qWarning("%s\n%s", cases[i].name.c_str(), lines.c_str());
        }
        const MemoryUse held = tested->memory();
        QVERIFY2(
            wrong == 0, qPrintable(QStringLiteral("%1 of %2 cases").arg(wrong).arg(cases.size())));
        for (const MemoryKind kind : {MemoryKind::PackedWeights, MemoryKind::Activations})
            QCOMPARE(held.bytes[static_cast<size_t>(kind)], 0); // all of it was given back
    }

    void notANumberStaysInBounds_data()
    {
        QTest::addColumn<int>("backend");
        const std::vector<NamedBackend> all = backends();
        for (size_t b = 0; b < all.size(); ++b)
            QTest::newRow(all[b].name.c_str()) << static_cast<int>(b);
    }
    /// A run that diverges must stop with a message, not with a write through a wild index.
    void notANumberStaysInBounds()
    {
        QFETCH(int, backend);
        const auto tested = backends()[static_cast<size_t>(backend)].make();
        constexpr int64_t kTokens = 40;
        for (const bool normalize : {false, true}) {
            for (const DropPolicy policy : {DropPolicy::Probs, DropPolicy::Position}) {
                const RouterShape shape{.experts = 6,
                    .topK = 3,
                    .normalize = normalize,
                    .capacity = 4,
                    .dropPolicy = policy,
                    .auxLoss = AuxLoss::Switch};
                HostArray logits = m_random.normal({kTokens, shape.experts}, DType::Float32);
                for (size_t i = 0; i < logits.values.size(); i += 4)
                    logits.values[i] = i % 3 ? qQNaN() : qInf();
                checkBounds(*tested, shape, logits);
            }
        }
    }

private:
    struct Group {
        std::vector<OpCase> cases;
        std::vector<std::vector<Output>> expected; ///< what the reference gives
    };

    static void checkBounds(Backend& backend, const RouterShape& shape, const HostArray& logits);

    const uint64_t m_seed = testSeed();
    RandomInputs m_random{m_seed};
    std::vector<Group> m_groups; ///< as opCaseGroups()
};

void OpCasesTest::checkBounds(Backend& backend, const RouterShape& shape, const HostArray& logits)
{
    const int64_t tokens = logits.shape[0];
    Operands in(backend);
    const auto ints = [&](int64_t count) {
        return in.blank({count}, DType::Int32);
    };
    RouterState state{.probs = in.blank(logits.shape, DType::Float32),
        .chosen = in.blank({tokens, shape.topK}, DType::Int32),
        .weights = in.blank({tokens, shape.topK}, DType::Float32),
        .slots = in.blank({tokens, shape.topK}, DType::Int32),
        .rowToken = ints(tokens * shape.topK),
        .offsets = ints(shape.experts + 1),
        .load = ints(shape.experts)};
    const TensorView counts = in.inout({{2, shape.experts}, DType::Int64,
        std::vector<double>(static_cast<size_t>(2 * shape.experts))});
    const RouterTotals totals{.load = counts.at(0, {shape.experts}),
        .dropped = counts.at(shape.experts, {shape.experts}),
        .sums = in.blank({kRouterSums}, DType::Float64)};
    backend.routerForward(in.input(logits), shape, state, totals);
    for (const auto& [name, view] : {std::pair{"chosen", state.chosen}, {"slots", state.slots},
             {"offsets", state.offsets}, {"rowToken", state.rowToken}})
        in.output(name, view, {});
    const std::vector<Output> outputs = in.finish();

    const auto within = [](const Output& output, double low, double high) {
        for (const double value : output.array.values) {
            if (value < low || value > high)
                return false;
        }
        return true;
    };
    const std::vector<double>& offsets = outputs[2].array.values;
    QVERIFY(within(outputs[0], 0, static_cast<double>(shape.experts - 1)));
    for (size_t e = 0; e + 1 < offsets.size(); ++e)
        QVERIFY(offsets[e] <= offsets[e + 1]
            && offsets[e + 1] - offsets[e] <= static_cast<double>(shape.capacity));
    QCOMPARE(offsets.front(), 0.0);
    QVERIFY(within(outputs[1], -1, offsets.back() - 1));
    QVERIFY(within(outputs[3], -1, static_cast<double>(tokens - 1))); // −1: not in use
}

QTEST_GUILESS_MAIN(OpCasesTest)
#include "op_cases_test.moc"
