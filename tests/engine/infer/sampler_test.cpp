// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/sampler.h"
#include "kernels/error.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace moe;
using infer::Candidate;
using infer::Sampling;

namespace {

std::vector<int32_t> tokensOf(const std::vector<Candidate>& candidates)
{
    std::vector<int32_t> tokens;
    for (const Candidate& candidate : candidates)
        tokens.push_back(candidate.token);
    return tokens;
}

/// Logits whose softmax is `probabilities`.
std::vector<float> logitsOf(const std::vector<double>& probabilities)
{
    std::vector<float> logits;
    for (const double p : probabilities)
        logits.push_back(static_cast<float>(std::log(p)));
    return logits;
}

} // namespace

class SamplerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void greedyTakesTheLargestAndTheLowerOfTies()
    {
        base::Random random(1);
        std::vector<float> logits{1, 5, 5, -2};
        QCOMPARE(infer::sampleToken({}, {}, {}, logits, random), 1);
        logits = {std::numeric_limits<float>::quiet_NaN(), -3, -2};
        QCOMPARE(infer::sampleToken({}, {}, {}, logits, random), 2);
    }

    void penaltiesAreAppliedOnceAToken()
    {
        Sampling sampling;
        sampling.repetitionPenalty = 2;
        sampling.presencePenalty = 0.5;
        sampling.frequencyPenalty = 0.25;
        std::vector<float> logits{4, -4, 4, 4};
        const std::vector<int32_t> prompt{0, 0, 1}, generated{2, 2};
        infer::applyPenalties(sampling, prompt, generated, logits);
        QCOMPARE(logits, (std::vector<float>{2, -8, 1, 4}));
    }

    void filtersFollowEachOther()
    {
        const std::vector<float> logits = logitsOf({0.1, 0.4, 0.05, 0.25, 0.2});
        Sampling sampling;
        sampling.temperature = 1;
        QCOMPARE(
            tokensOf(infer::candidatesOf(sampling, logits)), (std::vector<int32_t>{1, 3, 4, 0, 2}));
        sampling.topK = 4;
        sampling.topP = 0.8; // of the four: 0.42, 0.26, 0.21, 0.11
        QCOMPARE(tokensOf(infer::candidatesOf(sampling, logits)), (std::vector<int32_t>{1, 3, 4}));
        sampling.minP = 0.6;
        QCOMPARE(tokensOf(infer::candidatesOf(sampling, logits)), (std::vector<int32_t>{1, 3}));
        sampling.topP = 0;
        QCOMPARE(tokensOf(infer::candidatesOf(sampling, logits)), (std::vector<int32_t>{1}));
        const std::vector<float> infinite{0, std::numeric_limits<float>::infinity(), 1};
        QCOMPARE(infer::candidatesOf(sampling, infinite)[0].token, 1);
    }

    void drawsFollowTheProbabilities()
    {
        const uint64_t seed = tests::testSeed();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        const std::vector<double> probabilities{0.5, 0.2, 0.3};
        Sampling sampling;
        sampling.temperature = 2; // undone by doubling the logits
        base::Random random(seed), same(seed);
        std::vector<int> counts(3);
        constexpr int kDraws = 20000;
        for (int i = 0; i < kDraws; ++i) {
            std::vector<float> logits = logitsOf(probabilities);
            for (float& logit : logits)
                logit *= 2;
            std::vector<float> again = logits;
            const int32_t token = infer::sampleToken(sampling, {}, {}, logits, random);
            QCOMPARE(infer::sampleToken(sampling, {}, {}, again, same), token);
            ++counts[static_cast<size_t>(token)];
        }
        for (size_t i = 0; i < 3; ++i) // six standard deviations
            QVERIFY(std::abs(counts[i] / double(kDraws) - probabilities[i]) < 0.022);
    }

    void logProbabilitiesAreThoseOfTheSoftmax()
    {
        const std::vector<float> logits = logitsOf({0.5, 0.125, 0.375});
        QVERIFY(std::abs(infer::logProbability(logits, 1) - std::log(0.125)) < 1e-6);
    }

    void valuesOutOfRangeAreRefused()
    {
        infer::checkSampling({});
        Sampling sampling;
        sampling.topP = 1.5;
        QVERIFY_THROWS_EXCEPTION(UsageError, infer::checkSampling(sampling));
        sampling = {};
        sampling.temperature = std::nan("");
        QVERIFY_THROWS_EXCEPTION(UsageError, infer::checkSampling(sampling));
        sampling = {};
        sampling.repetitionPenalty = 0;
        QVERIFY_THROWS_EXCEPTION(UsageError, infer::checkSampling(sampling));
    }
};

QTEST_GUILESS_MAIN(SamplerTest)
#include "sampler_test.moc"
