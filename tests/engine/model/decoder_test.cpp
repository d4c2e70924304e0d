// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/random.h"
#include "engine/model/decoder.h"
#include "engine/model/rope.h"
#include "kernels/reference/reference_backend.h"

#include <QtTest>

#include <cmath>
#include <random>

using namespace moe;
using model::BatchShape;
using model::ModelConfig;

namespace {

ModelConfig tinyMoe()
{
    ModelConfig config;
    config.architecture = "SkyworkForCausalLM";
    config.vocabSize = 13;
    config.hiddenSize = 8;
    config.intermediateSize = 6;
    config.layers = 2;
    config.heads = 2;
    config.kvHeads = 1;
    config.headDim = 4;
    config.experts = 4;
    config.topK = 2;
    config.logitsNorm = true;
    config.gateNormStd = 1.5;
    return config;
}

ModelConfig tinyDense()
{
    ModelConfig config = tinyMoe();
    config.architecture = "LlamaForCausalLM";
    config.experts = 0;
    config.kvHeads = 2;
    return config;
}

/// A decoder on the reference backend with random weights and tokens.
struct Bench {
    std::unique_ptr<kernels::Backend> backend = kernels::makeReferenceBackend();
    BatchShape largest{3, 6};
    model::Decoder decoder;
    model::StepTotals totals;
    kernels::Tensor gradients;
    std::vector<float> weights;
    std::vector<int32_t> ids, targets;
    model::Routing routing;
    model::BackwardSettings settings;

    Bench(const ModelConfig& config, uint64_t seed)
        : decoder(*backend, config, kernels::DType::Float32, largest, model::Decoder::Use::Training)
        , totals(*backend, config)
    {
        const model::ParameterLayout& layout = decoder.weights().layout();
        gradients = backend->allocate(
            {layout.elements}, kernels::DType::Float32, kernels::MemoryKind::Gradients);
        backend->zero(gradients);
        weights.resize(static_cast<size_t>(layout.elements));
        initialiseParameters(layout, seed, 0.4, weights.data());
        base::Random random(seed);
        for (int64_t i = 0; i < largest.tokens(); ++i) {
            ids.push_back(static_cast<int32_t>(random.below(13)));
            targets.push_back(static_cast<int32_t>(random.below(13)));
        }
        settings.alpha = std::vector<double>(static_cast<size_t>(config.layers), 0.3);
        settings.zCoefficient = 0.05;
    }

    /// Forward; the whole loss as the contract writes it.
    model::StepTotals::Host forward(const BatchShape& batch)
    {
        backend->upload(decoder.weights().flat(), weights.data());
        decoder.weights().pack();
        totals.zero();
        decoder.forward(ids.data(), batch, routing, totals);
        decoder.loss(targets.data(), totals);
        return totals.download();
    }

    double lossOf(const model::StepTotals::Host& host, const BatchShape& batch) const
    {
        double loss = host.loss() / static_cast<double>(batch.tokens());
        for (size_t l = 0; l < settings.alpha.size() && decoder.config().isMoe(); ++l)
            loss += settings.alpha[l] * host.sum(l, kernels::kSumAux)
                + settings.zCoefficient * host.sum(l, kernels::kSumZLoss);
        return loss;
    }

    std::vector<float> backward(const BatchShape& batch, kernels::Write write)
    {
        settings.lossScale = 1.0 / static_cast<double>(batch.tokens());
        settings.write = write;
        forward(batch);
        decoder.lossAndBackward(targets.data(), settings, gradients, totals);
        std::vector<float> host(weights.size());
        backend->download(host.data(), gradients);
        return host;
    }
};

uint64_t freshSeed()
{
    const uint64_t seed = std::random_device{}();
    qInfo("seed %llu", static_cast<unsigned long long>(seed));
    return seed;
}

/// (loss(w + step · direction) − loss(w − step · direction)) / 2 step.
double slopeAlong(Bench& bench, const BatchShape& batch, size_t first,
    const std::vector<double>& direction, double step)
{
    const std::vector<float> weights = bench.weights;
    double loss[2] = {0, 0};
    for (const int side : {0, 1}) {
        for (size_t i = 0; i < direction.size(); ++i)
            bench.weights[first + i] = static_cast<float>(
                static_cast<double>(weights[first + i]) + (side ? step : -step) * direction[i]);
        loss[side] = bench.lossOf(bench.forward(batch), batch);
        bench.weights = weights;
    }
    return (loss[1] - loss[0]) / (2 * step);
}

/// The first parameter whose gradient differs from central differences along random directions;
/// empty when there is none. The loss jumps where a choice of experts or of what is dropped flips,
/// so that a right gradient may miss in one direction; a wrong one misses in all.
QString firstWrongGradient(Bench& bench, const BatchShape& batch, base::Random& random)
{
    const std::vector<float> gradient = bench.backward(batch, kernels::Write::Overwrite);
    for (const model::Parameter& parameter : bench.decoder.weights().layout().parameters) {
        const auto first = static_cast<size_t>(parameter.offset);
        std::vector<double> direction(static_cast<size_t>(parameter.shape.elements()));
        QString wrong;
        for (int attempt = 0; attempt < 8; ++attempt) {
            double slope = 0, size = 0, length = 0;
            for (double& d : direction) {
                d = random.normal();
                length += d * d;
            }
            for (size_t i = 0; i < direction.size(); ++i) {
                direction[i] /= std::sqrt(length);
                slope += direction[i] * static_cast<double>(gradient[first + i]);
                size += std::pow(static_cast<double>(gradient[first + i]), 2);
            }
            const double coarse = slopeAlong(bench, batch, first, direction, 2e-3);
            const double fine = slopeAlong(bench, batch, first, direction, 1e-3);
            const double difference = (4 * fine - coarse) / 3;
            if (std::abs(difference - slope) <= 3e-3 * std::sqrt(size) + 1e-3) {
                wrong.clear();
                break;
            }
            wrong = QString("%1: difference %2, gradient %3")
                        .arg(parameter.name.c_str())
                        .arg(difference)
                        .arg(slope);
        }
        if (!wrong.isEmpty())
            return wrong;
    }
    return {};
}

/// Up to three draws of weights and tokens: one may stand on the very edge of a choice.
void checkGradients(
    const ModelConfig& config, const model::Routing& routing, const BatchShape& batch)
{
    const uint64_t seed = freshSeed();
    base::Random random(seed);
    QString wrong;
    for (uint64_t draw = 0; draw < 3; ++draw) {
        Bench bench(config, seed + draw);
        bench.routing = routing;
        wrong = firstWrongGradient(bench, batch, random);
        if (wrong.isEmpty())
            return;
    }
    QFAIL(qPrintable(wrong));
}

} // namespace

class DecoderTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void gradientsOfAnMoe_data()
    {
        QTest::addColumn<int>("capacity");
        QTest::addColumn<int>("aux");
        QTest::addColumn<bool>("tied");
        QTest::newRow("dropless") << -1 << static_cast<int>(kernels::AuxLoss::None) << false;
        QTest::newRow("skywork") << 8 << static_cast<int>(kernels::AuxLoss::Skywork) << false;
        QTest::newRow("switch, tied") << 8 << static_cast<int>(kernels::AuxLoss::Switch) << true;
    }

    void gradientsOfAnMoe()
    {
        QFETCH(int, capacity);
        QFETCH(int, aux);
        QFETCH(bool, tied);
        ModelConfig config = tinyMoe();
        config.tieWordEmbeddings = tied;
        model::Routing routing;
        routing.capacity = capacity;
        routing.auxLoss = static_cast<kernels::AuxLoss>(aux);
        checkGradients(config, routing, {3, 6});
    }

    void gradientsOfADenseModel() { checkGradients(tinyDense(), {}, {2, 6}); }

    void addedGradientsAreSums()
    {
        Bench bench(tinyMoe(), freshSeed());
        const std::vector<float> once = bench.backward(bench.largest, kernels::Write::Overwrite);
        const std::vector<float> twice = bench.backward(bench.largest, kernels::Write::Add);
        for (size_t i = 0; i < once.size(); ++i)
            QVERIFY(std::abs(twice[i] - 2 * once[i]) <= 1e-6F + 1e-5F * std::abs(once[i]));
    }

    void sequencesDoNotSeeEachOther()
    {
        // A batch is its sequences one by one, and a shorter length sees only what is there.
        Bench bench(tinyMoe(), freshSeed());
        const double together = bench.forward(bench.largest).loss();
        double apart = 0;
        const std::vector<int32_t> ids = bench.ids, targets = bench.targets;
        for (int64_t s = 0; s < 3; ++s) {
            bench.ids.assign(ids.begin() + s * 6, ids.begin() + (s + 1) * 6);
            bench.targets.assign(targets.begin() + s * 6, targets.begin() + (s + 1) * 6);
            apart += bench.forward({1, 6}).loss();
        }
        QVERIFY(std::abs(together - apart) < 1e-5);

        bench.ids = ids;
        const double before = bench.forward({1, 4}).loss();
        bench.ids[4] = (bench.ids[4] + 1) % 13;
        QCOMPARE(bench.forward({1, 4}).loss(), before);
    }

    void activationsAreAsListed_data()
    {
        QTest::addColumn<bool>("dense");
        QTest::newRow("MoE") << false;
        QTest::newRow("dense") << true;
    }

    void activationsAreAsListed()
    {
        QFETCH(bool, dense);
        const ModelConfig config = dense ? tinyDense() : tinyMoe();
        for (const kernels::DType act : {kernels::DType::Float32, kernels::DType::BFloat16}) {
            const auto backend = kernels::makeReferenceBackend();
            const model::Activations activations(*backend, config, act, {3, 5});
            const auto kind = static_cast<size_t>(kernels::MemoryKind::Activations);
            QCOMPARE(model::activationBytes(config, act, {3, 5}), backend->memory().bytes[kind]);
        }
    }

    void ropeScalings()
    {
        ModelConfig config = tinyMoe();
        config.headDim = 8;
        const std::vector<double> plain = model::ropeFrequencies(config);
        QCOMPARE(plain.size(), size_t(4));
        QCOMPARE(plain[0], 1.0);
        QVERIFY(std::abs(plain[1] - 0.1) < 1e-15);

        config.ropeScaling.type = "linear";
        config.ropeScaling.factor = 4;
        QCOMPARE(model::ropeFrequencies(config)[0], 0.25);

        // Wavelengths: 6.28, 62.8, 628, 6283. Below 8192/128 = 64 as they are; above 8192/8 =
        // 1024 divided by the factor; between, a passage.
        config.ropeScaling
            = {.type = "llama3", .factor = 8, .lowFreqFactor = 8, .highFreqFactor = 128};
        const std::vector<double> llama = model::ropeFrequencies(config);
        QCOMPARE(llama[0], plain[0]);
        QCOMPARE(llama[1], plain[1]);
        QCOMPARE(llama[3], plain[3] / 8);
        const double smooth = (8192 / (2 * M_PI / plain[2]) - 8) / 120;
        QVERIFY(std::abs(llama[2] - plain[2] * ((1 - smooth) / 8 + smooth)) < 1e-12);
    }
};

QTEST_GUILESS_MAIN(DecoderTest)
#include "decoder_test.moc"
