// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/sampler.h"
#include "kernels/error.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace moe;
using infer::Candidate;
using infer::Sampling;

namespace {

std::vector<int32_t> tokensOf(infer::Ranking candidates)
{
    std::vector<int32_t> tokens;
    for (size_t rank = 0; rank < candidates.size(); ++rank)
        tokens.push_back(candidates[rank].token);
    return tokens;
}

/// The same by sorting all, as the definition reads.
std::vector<Candidate> sortedCandidates(const Sampling& sampling, const std::vector<float>& logits)
{
    std::vector<Candidate> all;
    for (size_t i = 0; i < logits.size(); ++i)
        all.push_back({static_cast<int32_t>(i), std::exp(logits[i] / sampling.temperature)});
    std::stable_sort(all.begin(), all.end(),
        [](const Candidate& a, const Candidate& b) { return a.probability > b.probability; });
    if (sampling.topK > 0)
        all.resize(std::min(all.size(), static_cast<size_t>(sampling.topK)));
    const auto scale = [&all] {
        const double sum = std::accumulate(all.begin(), all.end(), 0.0,
            [](double so, const Candidate& c) { return so + c.probability; });
        for (Candidate& candidate : all)
            candidate.probability /= sum;
    };
    scale();
    double sum = 0;
    std::erase_if(all, [&](const Candidate& candidate) {
        const bool beyond = sampling.topP < 1 && sum >= sampling.topP;
        sum += candidate.probability;
        return beyond;
    });
    const double least = sampling.minP * all.front().probability;
    std::erase_if(all, [&](const Candidate& c) { return c.probability < least; });
    scale();
    return all;
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

    void onlyWhatADrawLooksAtIsBroughtIntoOrder()
    {
        const uint64_t seed = tests::testSeed();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        base::Random random(seed);
        for (int round = 0; round < 200; ++round) {
            std::vector<float> logits(1 + random.below(3000));
            for (float& logit : logits)
                logit = static_cast<float>(random.below(40)) / 4; // many are equal
            Sampling sampling;
            sampling.temperature = 0.25 + random.uniform();
            sampling.topK = random.below(3) ? 0 : 1 + static_cast<int64_t>(random.below(200));
            sampling.topP = random.below(2) ? 1 : random.uniform();
            sampling.minP = random.below(2) ? 0 : random.uniform();
            const std::vector<Candidate> expected = sortedCandidates(sampling, logits);
            infer::Ranking ranking = infer::candidatesOf(sampling, logits);
            // Sums in another order may put the end of top-p a token further.
            QVERIFY(std::abs(std::ssize(expected) - static_cast<int64_t>(ranking.size())) <= 1);
            for (size_t rank = 0; rank < std::min(expected.size(), ranking.size()); ++rank)
                QCOMPARE(ranking[rank].token, expected[rank].token);
        }
        std::vector<float> logits(100'000);
        for (size_t i = 0; i < logits.size(); ++i)
            logits[i] = -static_cast<float>(i % 1000);
        Sampling sampling;
        sampling.temperature = 0.5;
        for (const double topP : {1.0, 0.9}) {
            sampling.topP = topP;
            infer::Ranking ranking = infer::candidatesOf(sampling, logits);
            QCOMPARE(ranking[1].token, 1000);
            QVERIFY2(ranking.ordered() <= 256, qPrintable(QString::number(ranking.ordered())));
            // Few steps where a draw looks far.
            QCOMPARE(ranking[64].token, 64'000);
            QCOMPARE(ranking.ordered(), std::min<size_t>(512, ranking.size()));
        }
    }

    void logProbabilitiesAreThoseOfTheSoftmax()
    {
        const std::vector<float> logits = logitsOf({0.5, 0.125, 0.375});
        const infer::LogProbabilities logProbability(logits);
        QVERIFY(std::abs(logProbability(1) - std::log(0.125)) < 1e-6);
        QVERIFY(std::abs(logProbability(0) - std::log(0.5)) < 1e-6);
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
