// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/host_array.h"
#include "kernels/cases/routing_inputs.h"
#include "kernels/reference/formulas.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <cmath>
#include <functional>

/// The reference's backward formulas against central differences of its forward ones, in double.

using namespace moe::kernels;
using namespace moe::kernels::reference;
using moe::kernels::cases::RandomInputs;

namespace {

double dot(const Values& a, const Values& b)
{
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

/// Largest |analytic − difference| over the elements of `at`, relative to the largest of both.
double gradientError(
    const std::function<double(const Values&)>& loss, const Values& at, const Values& analytic)
{
    constexpr double kStep = 1e-5; // error of the difference about step² = 1e-10
    double largest = 1e-12;
    double error = analytic.size() == at.size() ? 0 : INFINITY;
    Values moved = at;
    for (size_t i = 0; i < at.size() && error != INFINITY; ++i) {
        moved[i] = at[i] + kStep;
        const double above = loss(moved);
        moved[i] = at[i] - kStep;
        const double below = loss(moved);
        moved[i] = at[i];
        const double difference = (above - below) / (2 * kStep);
        largest = std::max({largest, std::abs(difference), std::abs(analytic[i])});
        error = std::max(error, std::abs(difference - analytic[i]));
    }
    return error / largest;
}

bool matches(
    const std::function<double(const Values&)>& loss, const Values& at, const Values& analytic)
{
    const double error = gradientError(loss, at, analytic);
    if (!(error < 1e-6))
        qWarning("relative error of the gradient: %g", error);
    return error < 1e-6;
}

} // namespace

class GradientsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(m_seed)); }

    void embeddingTable()
    {
        const Indices ids{2, 0, 2, 4};
        const Values table = normals({5, 3});
        const Values c = normals({4, 3});
        QVERIFY(matches([&](const Values& w) { return dot(embedding(ids, w, 3), c); }, table,
            embeddingGradient(ids, c, 5, 3)));
    }

    void rmsNormInputs()
    {
        const Values x = normals({3, 7});
        const Values weight = normals({7});
        const Values c = normals({3, 7});
        const double eps = 0.1; // large enough to matter
        const RmsNormGradient gradient
            = rmsNormGradient(x, weight, rmsNorm(x, weight, eps).rstd, c);
        QVERIFY(matches(
            [&](const Values& v) { return dot(rmsNorm(v, weight, eps).y, c); }, x, gradient.dx));
        QVERIFY(matches([&](const Values& w) { return dot(rmsNorm(x, w, eps).y, c); }, weight,
            gradient.dWeight));
    }

    void productFactors()
    {
        const Values x = normals({4, 5});
        const Values w = normals({3, 5});
        const Values c = normals({4, 3});
        QVERIFY(matches([&](const Values& v) { return dot(product(v, w, 5, 3), c); }, x,
            productGradientX(c, w, 5, 3)));
        QVERIFY(matches([&](const Values& v) { return dot(product(x, v, 5, 3), c); }, w,
            productGradientW(c, x, 5, 3)));
    }

    void ropeInput()
    {
        const AttentionShape shape{
            .batch = 2, .sequence = 3, .heads = 2, .kvHeads = 1, .headDim = 4};
        const Values table = normals({3, 4}); // no rotation: the gradient is the transpose
        const Values qkv = normals({6, 4, 4});
        const Values c = normals({6, 4, 4});
        QVERIFY(matches([&](const Values& v) { return dot(rope(v, table, shape, 1), c); }, qkv,
            rope(c, table, shape, -1)));
    }

    void attentionInput_data()
    {
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<int>("sequence");
        QTest::newRow("one key") << 1 << 1 << 1;
        QTest::newRow("multi-head") << 3 << 3 << 5;
        QTest::newRow("grouped") << 6 << 2 << 4;
    }
    void attentionInput()
    {
        QFETCH(int, heads);
        QFETCH(int, kvHeads);
        QFETCH(int, sequence);
        const AttentionShape shape{.batch = 2,
            .sequence = sequence,
            .heads = heads,
            .kvHeads = kvHeads,
            .headDim = 4,
            .scale = 0.7F};
        const int64_t tokens = shape.batch * shape.sequence;
        const Values qkv = normals({tokens, (heads + 2 * kvHeads), 4});
        const Values c = normals({tokens, heads, 4});
        QVERIFY(matches([&](const Values& v) { return dot(attention(v, shape).out, c); }, qkv,
            attentionGradient(qkv, attention(qkv, shape), c, shape)));
    }

    void routerLogits_data()
    {
        QTest::addColumn<int>("experts");
        QTest::addColumn<int>("topK");
        QTest::addColumn<bool>("normalize");
        QTest::addColumn<int>("aux");
        for (const int experts : {1, 2, 5, 8}) {
            for (const int topK : {1, 2, 4}) {
                for (const bool normalize : {false, true}) {
                    for (const AuxLoss aux : {AuxLoss::None, AuxLoss::Skywork, AuxLoss::Switch}) {
                        if (topK <= experts)
                            QTest::addRow("%d experts, top %d, %s, aux %d", experts, topK,
                                normalize ? "normalised" : "raw", static_cast<int>(aux))
                                << experts << topK << normalize << static_cast<int>(aux);
                    }
                }
            }
        }
    }
    void routerLogits()
    {
        QFETCH(int, experts);
        QFETCH(int, topK);
        QFETCH(bool, normalize);
        QFETCH(int, aux);
        const RouterShape shape{.experts = experts,
            .topK = topK,
            .normalize = normalize,
            .lambda = 1.7F,
            .auxLoss = static_cast<AuxLoss>(aux)};
        const RouterGradient weighted{.auxCoefficient = 0.9F, .zCoefficient = 0.3F, .scale = 0.5F};
        // Away from ties: a choice that flips within the step has no derivative.
        const Values logits = moe::kernels::cases::decidedLogits(m_random, 6, shape);
        const Values c = normals({6, topK});
        const auto loss = [&](const Values& z) {
            const Routing routing = route(z, shape);
            return dot(routing.weights, c)
                + weighted.scale
                * (weighted.auxCoefficient * routing.sums[kSumAux]
                    + weighted.zCoefficient * routing.sums[kSumZLoss]);
        };
        QVERIFY(
            matches(loss, logits, routeGradient(logits, shape, route(logits, shape), weighted, c)));
    }

    void equalLogitsHaveNoGradientThroughTheNormalisation()
    {
        const RouterShape shape{.experts = 3, .topK = 2, .normalize = true};
        const Values logits{0.1F, 0.1F, 0.1F};
        const Routing routing = route(logits, shape);
        QCOMPARE(routing.chosen, (Indices{0, 1}));
        for (const double p : routing.probs)
            QCOMPARE(p, 1.0 / 3);
        for (const double d : routeGradient(logits, shape, routing, {}, {1.0, -2.0}))
            QCOMPARE(d, 0.0);
    }

    void permutation()
    {
        const RouterShape shape{.experts = 4, .topK = 2, .capacity = 2};
        const Routing routing = route(normals({6, 4}), shape);
        const Values x = normals({6, 3});
        const Values c = normals({static_cast<int64_t>(routing.rowToken.size()), 3});
        QVERIFY(matches([&](const Values& v) { return dot(permute(v, routing.rowToken, 3), c); }, x,
            permuteGradient(c, routing.slots, 2, 3)));

        const Values& rows = c;
        const Values dy = normals({6, 3});
        const CombineGradient gradient
            = combineGradient(rows, routing.slots, routing.weights, dy, 2, 3);
        QVERIFY(matches(
            [&](const Values& v) {
                return dot(combine(v, routing.slots, routing.weights, 2, 3), dy);
            },
            rows, gradient.dRows));
        QVERIFY(
            matches([&](const Values& w) { return dot(combine(rows, routing.slots, w, 2, 3), dy); },
                routing.weights, gradient.dWeights));
    }

    void expertFactors()
    {
        const Indices offsets{0, 3, 3, 5};
        const ExpertWeights weights{
            .gateUp = normals({3, 2, 5, 4}), .down = normals({3, 4, 5}), .hidden = 4, .ffn = 5};
        const Values x = normals({5, 4});
        const Values c = normals({5, 4});
        const ExpertsGradient gradient
            = expertsGradient(x, offsets, weights, experts(x, offsets, weights).gateUpOut, c);
        QVERIFY(matches([&](const Values& v) { return dot(experts(v, offsets, weights).y, c); }, x,
            gradient.dx));
        QVERIFY(matches(
            [&](const Values& w) {
                return dot(experts(x, offsets, {w, weights.down, 4, 5}).y, c);
            },
            weights.gateUp, gradient.dGateUp));
        QVERIFY(matches(
            [&](const Values& w) {
                return dot(experts(x, offsets, {weights.gateUp, w, 4, 5}).y, c);
            },
            weights.down, gradient.dDown));
    }

    void headLossFactors()
    {
        const Indices targets{1, 0, 6};
        const Values x = normals({3, 4});
        const Values w = normals({7, 4});
        const HeadGradient gradient = headLossGradient(x, w, targets, 4, 0.25);
        QVERIFY(matches(
            [&](const Values& v) { return 0.25 * headLoss(v, w, targets, 4); }, x, gradient.dx));
        QVERIFY(matches(
            [&](const Values& v) { return 0.25 * headLoss(x, v, targets, 4); }, w, gradient.dW));
    }

private:
    Values normals(const Shape& shape) { return m_random.normals(shape.elements()); }

    const uint64_t m_seed = moe::tests::testSeed();
    RandomInputs m_random{m_seed};
};

QTEST_GUILESS_MAIN(GradientsTest)
#include "gradients_test.moc"
