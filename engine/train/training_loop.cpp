// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/training_loop.h"

#include "engine/train/step_record.h"
#include "kernels/error.h"
#include "kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace moe::train {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The loop of one rank, cut into the phases of a step.
class Loop {
public:
    Loop(const RunContext& run, kernels::Backend& backend, parallel::Communicator& ranks,
        Leader* leader, Recorder* recorder, LoopResult& result)
        : m_run(run)
        , m_file(run.file)
        , m_ranks(ranks)
        , m_leader(leader)
        , m_recorder(recorder)
        , m_result(result)
        , m_matmulPeak(measurePeak(backend))
        , m_replica(backend, ranks, run.file, run.train, run.valid)
        , m_hasCheckpoint(run.firstStep > 1)
    {
        m_replica.upload(run.initial);
        ranks.barrier();
        if (leader) {
            run.initial = {};
            run.begin();
        }
    }

    void train()
    {
        int64_t finished = m_run.firstStep - 1;
        int64_t saved = finished; // where the run starts from needs no saving
        if (m_run.unvalidated) {
            if (!evaluate(*m_run.unvalidated))
                return;
            --saved; // that checkpoint says that this is still to be done
        }
        for (int64_t step = m_run.firstStep; step <= m_file.trainSteps; ++step) {
            StepOrder order = m_leader ? m_leader->decide(step) : StepOrder{};
            m_replica.share(order);
            if (order.stop)
                break;
            m_result.steps = step;
            trainStep(step, order);
            finished = step;
            const int64_t every = m_file.checkpointEvery;
            if (step == m_file.trainSteps || (every > 0 && step % every == 0)) {
                save(step);
                saved = step;
            }
        }
        m_result.steps = finished;
        if (saved < finished)
            save(finished);
    }

private:
    double measurePeak(kernels::Backend& backend) const
    {
        double peak = 0;
        if (m_leader)
            peak = kernels::measureMatmulPeak(backend, m_file.precision) * m_run.ranksAtOnce;
        m_ranks.barrier(); // nobody computes while it is measured
        backend.resetPeak();
        return peak;
    }

    void trainStep(int64_t step, const StepOrder& order)
    {
        const Clock::time_point start = Clock::now();
        const model::StepTotals::Host totals = m_replica.forwardBackward(step, order);
        telemetry::StepRecord record = makeStepRecord(m_file, step, order, totals);
        const bool finite = std::isfinite(record.loss) && std::isfinite(record.gradNorm);
        if (finite)
            m_replica.update(step, order.lr,
                std::min(1.0, m_file.optimizer.clipGrad / (record.gradNorm + 1e-6)));
        record.peakBytes = m_replica.peakBytes();
        addSpeed(record, secondsSince(start));
        if (m_leader)
            m_leader->publish(record);
        if (!finite)
            throw Error(std::isfinite(record.loss) ? "the gradient is not finite"
                                                   : "the loss is not finite",
                "step " + std::to_string(step),
                std::string("lower optimizer.lr or lengthen warmup_steps")
                    + (m_hasCheckpoint ? "; the last checkpoint is kept" : ""));
        m_result.finalLoss = record.loss;
        m_result.peakBytes = record.peakBytes;
        if (step % m_file.validEvery == 0 || step == m_file.trainSteps)
            evaluate(std::move(record));
    }

    void addSpeed(telemetry::StepRecord& record, double seconds)
    {
        const double flops = m_file.model.trainingFlopsPerToken(m_file.sequenceLength);
        const auto tokens = static_cast<double>(m_file.globalBatchSize * m_file.sequenceLength);
        record.stepSeconds = seconds;
        record.tokensPerSecond = tokens / seconds;
        record.mfu = record.tokensPerSecond * flops / m_matmulPeak;
        // The first step also touches memory and generates code: it stands for itself alone.
        if (m_timedSteps++ == 1)
            m_seconds = 0;
        m_seconds += seconds;
        const auto counted = static_cast<double>(std::max<int64_t>(m_timedSteps - 1, 1));
        m_result.tokensPerSecond = counted * tokens / m_seconds;
        m_result.mfu = m_result.tokensPerSecond * flops / m_matmulPeak;
    }

    /// Validation, probes and expert similarity, with the weights after the update of the record's
    /// step, which has been published without them: validation may take minutes, and nobody waits
    /// for a step that long. False when a stop cut it short.
    bool evaluate(telemetry::StepRecord record)
    {
        if (measure(record))
            return true;
        if (m_leader)
            m_leader->validationCutShort(record.step);
        return false;
    }

    bool measure(telemetry::StepRecord& record)
    {
        std::optional<double> loss;
        double seconds = 0;
        const auto stopped = [&] {
            return m_leader->stopAsked();
        };
        if (m_run.valid) {
            const Clock::time_point start = Clock::now();
            const auto progress = [&](int64_t done, int64_t total) {
                if (m_recorder)
                    m_recorder->progress("validation", "batches", done, total);
            };
            loss = m_replica.validate(progress, stopped);
            if (!loss)
                return false;
            seconds = secondsSince(start);
        }
        const auto similarity = m_replica.expertSimilarity(stopped);
        if (!similarity)
            return false;
        if (!m_leader)
            return true;
        record.validLoss = loss;
        for (size_t layer = 0; layer < record.layers.size(); ++layer)
            record.layers[layer].expertSimilarity = similarity->at(layer);
        m_leader->publishValidated(record);
        if (loss)
            m_leader->publishValidation(record.step, *loss, seconds);
        if (!m_file.model.isMoe())
            return true;
        for (const ProbeText& probe : m_run.probes)
            m_leader->publishProbe(record.step, probe.name, m_replica.probe(probe.ids));
        return true;
    }

    void save(int64_t step)
    {
        if (!m_file.checkpointDir)
            return;
        HostState state;
        m_replica.download(state, m_leader != nullptr);
        if (m_leader)
            m_leader->save(step, state, m_replica.layout());
        m_hasCheckpoint = true;
    }

    const RunContext& m_run;
    const RunFile& m_file;
    parallel::Communicator& m_ranks;
    Leader* m_leader;
    Recorder* m_recorder;
    LoopResult& m_result;
    double m_matmulPeak; ///< operations per second of all ranks
    Replica m_replica;
    bool m_hasCheckpoint; ///< on every rank
    int64_t m_timedSteps = 0;
    double m_seconds = 0;
};

} // namespace

double ranksAtOnce(int64_t ranks, int threads, int cores)
{
    const double room = static_cast<double>(cores) / std::max(threads, 1);
    return std::clamp(room, 1.0, std::max(1.0, static_cast<double>(ranks)));
}

void trainRank(const RunContext& run, kernels::Backend& backend, parallel::Communicator& ranks,
    Leader* leader, Recorder* recorder, LoopResult& result)
{
    Loop(run, backend, ranks, leader, recorder, result).train();
}

} // namespace moe::train
