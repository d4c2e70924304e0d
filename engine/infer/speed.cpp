// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/speed.h"

#include "engine/base/memory.h"
#include "engine/infer/inference_model.h"
#include "kernels/error.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace moe::infer {

namespace {

using Clock = std::chrono::steady_clock;
constexpr uint64_t kSeed = 1;
constexpr int64_t kLargestChunk = 512;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A model, its cache, and the sequences in it.
class Bench {
public:
    Bench(kernels::Backend& backend, const SpeedRun& run, const std::stop_token& stop)
        : m_backend(backend)
        , m_run(run)
        , m_random(kSeed)
        , m_pages((run.prompt + run.tokens + kPageTokens - 1) / kPageTokens)
        , m_weights(new RandomWeights(run.weights, kSeed))
        , m_model(backend, run.config, std::unique_ptr<WeightSource>(m_weights),
              kernels::DType::BFloat16, std::max(run.batch, std::min(run.prompt, kLargestChunk)),
              run.prompt + run.tokens)
        , m_cache(backend, run.config, m_pages * run.batch, kernels::DType::BFloat16)
        , m_logits(backend.allocate({run.batch, run.config.vocabSize}, kernels::DType::Float32,
              kernels::MemoryKind::Activations))
        , m_host(static_cast<size_t>(run.batch * run.config.vocabSize))
        , m_table(static_cast<size_t>(m_pages * run.batch))
    {
        if (m_model.context() < run.prompt + run.tokens)
            throw Error(std::to_string(run.prompt + run.tokens) + " tokens a sequence", "bench",
                "at most the context, " + std::to_string(m_model.context()));
        std::iota(m_table.begin(), m_table.end(), 0);
        m_model.stopOn(stop);
    }

    /// The prompt of one sequence.
    void prefill(int64_t sequence)
    {
        for (int64_t done = 0; done < m_run.prompt; done += kLargestChunk) {
            const int64_t now = std::min(kLargestChunk, m_run.prompt - done);
            std::vector<kernels::PagedRow> rows;
            rows.reserve(static_cast<size_t>(now));
            for (int64_t i = 0; i < now; ++i)
                rows.push_back({done + i, sequence * m_pages});
            forward(rows, 1);
        }
    }
    /// One token of each sequence at `position`.
    void step(int64_t position)
    {
        std::vector<kernels::PagedRow> rows;
        rows.reserve(static_cast<size_t>(m_run.batch));
        for (int64_t sequence = 0; sequence < m_run.batch; ++sequence)
            rows.push_back({position, sequence * m_pages});
        forward(rows, m_run.batch);
    }

    const RandomWeights& weights() const { return *m_weights; }
    int64_t cacheTokens() const { return m_cache.pages() * kPageTokens; }

private:
    void forward(const std::vector<kernels::PagedRow>& rows, int64_t logitRows)
    {
        std::vector<int32_t> ids;
        ids.reserve(rows.size());
        for (size_t i = 0; i < rows.size(); ++i)
            ids.push_back(static_cast<int32_t>(
                m_random.below(static_cast<uint64_t>(m_run.config.vocabSize))));
        const kernels::TensorView logits = m_logits.view().slice(0, logitRows);
        m_model.forward(ids, {rows, m_table}, m_cache, logits);
        m_backend.download(m_host.data(), logits);
    }

    kernels::Backend& m_backend;
    const SpeedRun& m_run;
    base::Random m_random;
    int64_t m_pages; ///< of a sequence
    RandomWeights* m_weights; ///< the model's
    InferenceModel m_model;
    KvCache m_cache;
    kernels::Tensor m_logits;
    std::vector<float> m_host;
    std::vector<int32_t> m_table;
};

/// Products of a token but for the head's, and the head's.
double operationsOf(const SpeedRun& run, const RandomWeights& weights)
{
    const auto rest = static_cast<double>(weights.rest().elements);
    const auto experts = static_cast<double>(weights.experts().elements);
    const double share = run.config.isMoe()
        ? static_cast<double>(run.config.topK) / static_cast<double>(run.config.experts)
        : 0;
    return 2 * (rest + share * experts);
}

/// A tied head is the embedding's table.
RandomWeights::Size headOf(const SpeedRun& run, const RandomWeights& weights)
{
    if (!run.config.tieWordEmbeddings)
        return weights.head();
    const int64_t elements = run.config.vocabSize * run.config.hiddenSize;
    return {2 * elements, elements};
}

double keyValueBytes(const model::ModelConfig& config)
{
    const bool latent = config.attention.kind == model::AttentionKind::Latent;
    const int64_t row = latent ? config.attention.latentRank + config.attention.ropeDim
                               : 2 * config.kvHeads * config.headDim;
    return 2.0 * static_cast<double>(config.layers * row);
}

/// Of the experts, the share that a step of `rows` tokens reads when routing is even.
double expertShare(const model::ModelConfig& config, int64_t rows)
{
    if (!config.isMoe())
        return 0;
    const double one = static_cast<double>(config.topK) / static_cast<double>(config.experts);
    return 1 - std::pow(1 - one, static_cast<double>(rows));
}

/// Weights that a step of `rows` tokens reads.
double stepBytes(const SpeedRun& run, const RandomWeights& weights, int64_t rows)
{
    return static_cast<double>(weights.rest().bytes + headOf(run, weights).bytes)
        + expertShare(run.config, rows) * static_cast<double>(weights.experts().bytes);
}

double workingBytes(const SpeedRun& run, const Bench& bench)
{
    const RandomWeights& weights = bench.weights();
    return static_cast<double>(
               weights.rest().bytes + headOf(run, weights).bytes + weights.experts().bytes)
        + static_cast<double>(bench.cacheTokens()) * keyValueBytes(run.config);
}

} // namespace

void checkMemory(const SpeedRun& run)
{
    const model::ModelConfig& config = run.config;
    const int64_t each = run.weights == RandomWeights::Kind::Fp8 ? 1 : 2;
    const double bytes = static_cast<double>(each) * static_cast<double>(config.parameters())
        + static_cast<double>(2 - each) * static_cast<double>(config.vocabSize)
            * static_cast<double>(config.hiddenSize); // the table stays in BFloat16
    const int64_t free = base::availableMemoryBytes();
    if (bytes > static_cast<double>(free))
        throw Error("the weights take " + std::to_string(static_cast<int64_t>(bytes)) + " bytes",
            "bench", std::to_string(free) + " are free: a smaller model, or fewer layers");
}

Speed measureDecode(kernels::Backend& backend, const SpeedRun& run, const std::stop_token& stop)
{
    Bench bench(backend, run, stop);
    for (int64_t sequence = 0; sequence < run.batch; ++sequence)
        bench.prefill(sequence);
    const Clock::time_point begin = Clock::now();
    for (int64_t i = 0; i < run.tokens; ++i)
        bench.step(run.prompt + i);
    const double seconds = secondsSince(begin);
    const auto batch = static_cast<double>(run.batch);
    const double seen = static_cast<double>(run.prompt) + static_cast<double>(run.tokens + 1) / 2;
    Speed speed;
    speed.workingBytes = workingBytes(run, bench);
    speed.tokensPerSecond = batch * static_cast<double>(run.tokens) / seconds;
    speed.bytesPerToken
        = stepBytes(run, bench.weights(), run.batch) / batch + seen * keyValueBytes(run.config);
    speed.operationsPerToken = operationsOf(run, bench.weights())
        + 2 * static_cast<double>(headOf(run, bench.weights()).elements);
    return speed;
}

Speed measurePrefill(kernels::Backend& backend, const SpeedRun& run, const std::stop_token& stop)
{
    constexpr int kRuns = 4; // the first one also touches its memory
    Bench bench(backend, run, stop);
    double fastest = INFINITY;
    for (int i = 0; i < kRuns; ++i) {
        const Clock::time_point begin = Clock::now();
        for (int64_t sequence = 0; sequence < run.batch; ++sequence)
            bench.prefill(sequence);
        fastest = std::min(fastest, secondsSince(begin));
    }
    const auto tokens = static_cast<double>(run.prompt);
    const auto chunks = std::ceil(tokens / static_cast<double>(kLargestChunk));
    const int64_t rows = std::min(run.prompt, kLargestChunk);
    Speed speed;
    speed.workingBytes = workingBytes(run, bench);
    speed.tokensPerSecond = static_cast<double>(run.batch) * tokens / fastest;
    speed.bytesPerToken = chunks * stepBytes(run, bench.weights(), rows) / tokens
        + tokens / 2 * keyValueBytes(run.config);
    speed.operationsPerToken = operationsOf(run, bench.weights())
        + 2 * chunks / tokens * static_cast<double>(headOf(run, bench.weights()).elements);
    return speed;
}

} // namespace moe::infer
