// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/replica.h"

#include <algorithm>
#include <cmath>

namespace moe::train {

using kernels::DType;
using kernels::MemoryKind;

Replica::Replica(kernels::Backend& backend, parallel::Communicator& ranks, const RunFile& file,
    const text::IndexedDataset& train, const text::IndexedDataset* valid)
    : m_backend(backend)
    , m_ranks(ranks)
    , m_file(file)
    , m_decoder(backend, file.model, file.precision, {file.microBatchSize, file.sequenceLength},
          model::Decoder::Use::Training)
    , m_gradients(backend.allocate({layout().elements}, DType::Float32, MemoryKind::Gradients))
    , m_optimizer(backend, ranks, layout(), file.optimizer, file.parallel.zero == 1)
    , m_totals(backend, file.model)
    , m_evaluation(backend, file.model)
    , m_gram(backend.allocate(
          {std::max<int64_t>(file.model.experts, 1), std::max<int64_t>(file.model.experts, 1)},
          DType::Float64, MemoryKind::Workspace))
    , m_message(
          backend.allocate({3 + file.model.moeLayers()}, DType::Float64, MemoryKind::Workspace))
    , m_train(train, file.trainData, file.sequenceLength, file.model.vocabSize, file.shuffled,
          file.seed)
{
    if (valid)
        m_valid.emplace(
            *valid, *file.validData, file.sequenceLength, file.model.vocabSize, false, file.seed);
    m_optimizer.clearGaps(m_gradients);
}

void Replica::upload(const HostState& state)
{
    m_backend.upload(m_decoder.weights().flat(), state.weights.data());
    m_optimizer.upload(
        state.m.empty() ? nullptr : state.m.data(), state.v.empty() ? nullptr : state.v.data());
    m_decoder.weights().pack();
}

void Replica::download(HostState& state, bool wanted)
{
    const auto size = static_cast<size_t>(wanted ? layout().elements : 0);
    for (std::vector<float>* buffer : {&state.weights, &state.m, &state.v})
        buffer->resize(size);
    if (wanted)
        m_backend.download(state.weights.data(), m_decoder.weights().flat());
    m_optimizer.download(
        wanted ? state.m.data() : nullptr, wanted ? state.v.data() : nullptr, m_gradients);
}

void Replica::share(StepOrder& order)
{
    if (m_ranks.size() == 1)
        return;
    std::vector<double> message{order.stop ? 1.0 : 0.0, order.lr, order.capacityFactor.value_or(0)};
    message.insert(message.end(), order.alpha.begin(), order.alpha.end());
    message.resize(static_cast<size_t>(m_message->elements()));
    m_backend.upload(m_message, message.data());
    m_ranks.broadcast(m_message, 0);
    m_backend.download(message.data(), m_message);
    order.stop = message[0] != 0;
    order.lr = message[1];
    order.capacityFactor = message[2] > 0 ? std::optional<double>(message[2]) : std::nullopt;
    order.alpha.assign(message.begin() + 3, message.end());
}

model::Routing Replica::trainingRouting(const StepOrder& order) const
{
    model::Routing routing;
    routing.dropPolicy = m_file.moe.dropPolicy;
    routing.auxLoss = m_file.moe.auxLoss;
    if (!order.capacityFactor || !m_file.model.isMoe())
        return routing;
    const int64_t tokens = m_file.microBatchSize * m_file.sequenceLength;
    const double room = std::ceil(*order.capacityFactor * static_cast<double>(tokens)
        * static_cast<double>(m_file.model.topK) / static_cast<double>(m_file.model.experts));
    routing.capacity = static_cast<int64_t>(std::min(room, static_cast<double>(tokens)));
    return routing;
}

model::StepTotals::Host Replica::forwardBackward(int64_t step, const StepOrder& order)
{
    const int64_t microbatches = m_file.globalBatchSize / m_file.microBatchSize;
    const int64_t share = microbatches / m_ranks.size();
    const int64_t first = (step - 1) * microbatches + m_ranks.rank() * share;
    const model::BatchShape shape{m_file.microBatchSize, m_file.sequenceLength};
    const model::Routing routing = trainingRouting(order);
    model::BackwardSettings settings;
    settings.lossScale = 1 / static_cast<double>(shape.tokens() * microbatches);
    settings.routerScale = 1 / static_cast<double>(microbatches);
    settings.alpha = order.alpha;
    settings.zCoefficient = m_file.moe.zLossCoefficient;

    m_totals.zero();
    for (int64_t micro = 0; micro < share; ++micro) {
        const HostBatch& batch = m_train.load((first + micro) * shape.sequences, shape.sequences);
        settings.write = micro == 0 ? kernels::Write::Overwrite : kernels::Write::Add;
        m_decoder.forward(batch.ids.data(), shape, routing, m_totals);
        m_decoder.lossAndBackward(batch.targets.data(), settings, m_gradients, m_totals);
    }
    m_optimizer.reduce(m_gradients, m_totals.squaredNorm());
    m_ranks.allReduceSum(m_totals.counts());
    m_ranks.allReduceSum(m_totals.sums());
    return m_totals.download();
}

void Replica::update(int64_t step, double lr, double gradientScale)
{
    m_optimizer.update(m_decoder.weights().flat(), m_gradients, step, lr, gradientScale);
    m_decoder.weights().pack();
}

std::optional<double> Replica::validate(
    const std::function<void(int64_t done, int64_t total)>& progress,
    const std::function<bool()>& stopped)
{
    const int64_t samples = m_valid->samples(), each = m_file.microBatchSize;
    const int64_t batches = (samples + each - 1) / each;
    const parallel::Piece own = parallel::pieceOf(batches, m_ranks.rank(), m_ranks.size());
    const int64_t rounds = (batches + m_ranks.size() - 1) / m_ranks.size(); // of the busiest rank
    m_evaluation.zero();
    for (int64_t round = 0; round < rounds; ++round) {
        StepOrder order;
        order.stop = m_ranks.rank() == 0 && stopped();
        share(order);
        if (order.stop)
            return std::nullopt;
        if (round >= own.count)
            continue;
        const int64_t i = own.first + round;
        const int64_t count = std::min(each, samples - i * each);
        const HostBatch& batch = m_valid->load(i * each, count);
        m_decoder.forward(batch.ids.data(), {count, m_file.sequenceLength}, {}, m_evaluation);
        m_decoder.loss(batch.targets.data(), m_evaluation);
        progress(i - own.first + 1, own.count);
    }
    m_ranks.allReduceSum(m_evaluation.sums());
    return m_evaluation.download().loss() / static_cast<double>(samples * m_file.sequenceLength);
}

std::vector<telemetry::LayerRecord> Replica::probe(const std::vector<int32_t>& ids)
{
    const auto tokens = static_cast<int64_t>(ids.size());
    model::BatchShape shape{
        std::min(tokens / m_file.sequenceLength, m_file.microBatchSize), m_file.sequenceLength};
    if (shape.sequences == 0)
        shape = {1, tokens};
    m_evaluation.zero();
    m_decoder.forward(ids.data(), shape, {}, m_evaluation);
    const model::StepTotals::Host totals = m_evaluation.download();
    std::vector<telemetry::LayerRecord> layers;
    for (int64_t l = 0; l < m_file.model.moeLayers(); ++l) {
        telemetry::LayerRecord layer;
        layer.layer = static_cast<int32_t>(l);
        layer.load = totals.load(static_cast<size_t>(l));
        layer.assignments = shape.tokens() * m_file.model.topK;
        layers.push_back(std::move(layer));
    }
    return layers;
}

namespace {

/// Mean cosine over all pairs of n rows.
double meanCosine(const std::vector<double>& gram, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < i; ++j)
            sum += gram[i * n + j] / std::sqrt(gram[i * n + i] * gram[j * n + j]);
    }
    return 2 * sum / static_cast<double>(n * (n - 1));
}

} // namespace

std::optional<std::vector<std::optional<double>>> Replica::expertSimilarity(
    const std::function<bool()>& stopped)
{
    const int64_t layers = m_file.model.moeLayers(), n = m_file.model.experts;
    std::vector<std::optional<double>> similarity(static_cast<size_t>(layers));
    std::vector<double> host(static_cast<size_t>(n * n));
    for (int64_t l = 0; n > 1 && l < layers; ++l) {
        StepOrder order;
        order.stop = m_ranks.rank() == 0 && stopped();
        share(order);
        if (order.stop)
            return std::nullopt;
        if (m_ranks.rank() != 0)
            continue;
        const model::LayerViews views = model::layerViews(
            m_file.model, layout(), m_decoder.weights().flat(), static_cast<size_t>(l));
        m_backend.zero(m_gram);
        m_backend.gram(views.gateUp.as({n, views.gateUp.elements() / n}), m_gram);
        m_backend.gram(views.down.as({n, views.down.elements() / n}), m_gram);
        m_backend.download(host.data(), m_gram);
        similarity[static_cast<size_t>(l)] = meanCosine(host, static_cast<size_t>(n));
    }
    return similarity;
}

int64_t Replica::peakBytes()
{
    int64_t bytes = m_backend.memory().totalPeakBytes;
    if (m_ranks.size() == 1)
        return bytes;
    const kernels::Tensor sum = m_backend.allocate({1}, DType::Int64, MemoryKind::Workspace);
    m_backend.upload(sum, &bytes);
    m_ranks.allReduceSum(sum);
    m_backend.download(&bytes, sum);
    return bytes;
}

} // namespace moe::train
