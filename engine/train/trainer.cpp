// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/trainer.h"

#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/text/tokenizer.h"
#include "engine/train/batches.h"
#include "engine/train/control.h"
#include "engine/train/initial_state.h"
#include "engine/train/leader.h"
#include "engine/train/probes.h"
#include "engine/train/recorder.h"
#include "engine/train/resume.h"
#include "engine/train/training_loop.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/devices.h"
#include "kernels/error.h"
#include "kernels/out_of_memory.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <unistd.h>

namespace moe::train {

using base::Json;
using telemetry::RunState;

namespace {

/// The corpus's tokenizer, else that of the checkpoint that the run goes on or starts from.
std::optional<std::filesystem::path> findTokenizer(
    const RunFile& file, const std::optional<ResumePoint>& resume)
{
    if (auto found = text::findTokenizerFile(file.trainData))
        return found;
    if (resume)
        return text::findTokenizerFile(resume->folder);
    return file.initFrom ? text::findTokenizerFile(*file.initFrom) : std::nullopt;
}

/// The run file as the resumed run had been steered.
RunFile steeredFile(RunFile file, const std::optional<ResumePoint>& resume)
{
    if (resume) {
        const Json values = base::parseJson(resume->state.steered, resume->folder.string());
        for (const auto& [key, value] : values.items())
            applySteering(file, key, value.dump());
    }
    return file;
}

/// What a run has come to that has no step left to do.
LoopResult resultSoFar(const ResumePoint& resume)
{
    LoopResult result;
    result.steps = resume.state.step;
    if (resume.record.step == 0)
        return result;
    result.finalLoss = resume.record.loss;
    result.tokensPerSecond = resume.record.tokensPerSecond;
    result.mfu = resume.record.mfu;
    result.peakBytes = resume.record.peakBytes;
    return result;
}

std::string gigabytes(double bytes)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f GB", bytes / 1e9);
    return text.data();
}

/// Memory is lent on trust: without this, what is too large would be killed without a word.
constexpr const char* kMemoryRemedy
    = "a smaller model, micro_batch_size or sequence_length, or a machine with more memory";

void refuseWhatDoesNotFit(const TrainEstimate& estimate)
{
    const double machine = static_cast<double>(::sysconf(_SC_PHYS_PAGES))
        * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
    double wanted = 0;
    for (const int64_t bytes : {estimate.weightBytes, estimate.packedBytes, estimate.gradientBytes,
             estimate.optimizerBytes, estimate.activationBytes})
        wanted += static_cast<double>(bytes);
    if (wanted > machine)
        throw Error("training takes " + gigabytes(wanted) + " of memory",
            "the machine has " + gigabytes(machine), kMemoryRemedy);
}

/// Before anybody looks for checkpoints: another run must not add or remove any from then on.
std::unique_ptr<base::FolderLock> lockCheckpoints(
    const RunFile& file, const TrainerOptions& options)
{
    if (!file.checkpointDir || options.dryRun)
        return nullptr;
    return std::make_unique<base::FolderLock>(*file.checkpointDir,
        "another run saves its checkpoints here", "wait for it, or name another checkpoint.dir");
}

TrainerOptions checked(TrainerOptions options)
{
    kernels::checkDevice(options.device);
    return options;
}

} // namespace

struct Trainer::Impl {
    Impl(RunFile runFile, TrainerOptions trainerOptions)
        : file(std::move(runFile))
        , options(checked(std::move(trainerOptions)))
        , lock(lockCheckpoints(file, options))
        , resume(findResumePoint(file, options.resume))
        , layout(file.model)
        , train(file.trainData)
        , tokenizer(findTokenizer(file, resume))
        , control(steeredFile(file, resume))
        , recorder(*options.bus, options.store)
    {
        checkDataset(train, file.trainData, file.sequenceLength, file.model.vocabSize);
        if (file.validData) {
            valid.emplace(*file.validData);
            checkDataset(*valid, *file.validData, file.sequenceLength, file.model.vocabSize);
        }
        if (!resume) // a resumed run has its weights already
            checkInitFrom(file);
        probes = readProbes(file, tokenizer);
    }

    TrainResult run(std::stop_token stop);
    void begin();
    void trainRanks(Leader& leader, LoopResult& result);
    int threadsOfARank() const;
    std::unique_ptr<kernels::Backend> makeBackend() const;
    void fail(int64_t step, const std::string& line);

    RunFile file;
    TrainerOptions options;
    std::unique_ptr<base::FolderLock> lock;
    std::optional<ResumePoint> resume;
    model::ParameterLayout layout;
    text::IndexedDataset train;
    std::optional<text::IndexedDataset> valid;
    std::optional<std::filesystem::path> tokenizer;
    std::vector<ProbeText> probes;
    Control control;
    Recorder recorder;
};

/// The run's line in the store, and its first events. Whatever keeps a run from being resumed has
/// been found by then: what it recorded before is not touched earlier.
void Trainer::Impl::begin()
{
    recorder.begin(file, resume);
    if (resume) {
        const int64_t step = resume->state.step;
        recorder.event(step, "resumed", {{"from_step", step}});
        const int64_t recorded = recorder.recordedSteps().value_or(step);
        if (recorded < step)
            recorder.event(step, "note",
                {{"text",
                    "the run store does not hold this run's steps " + std::to_string(recorded + 1)
                        + " to " + std::to_string(step)
                        + ", only those from now on are recorded"}});
    } else {
        if (options.resume)
            base::log(base::LogLevel::Info,
                file.checkpointDir->string() + " has no checkpoint yet: starting at step 1");
        recorder.event(0, "started", Json::object());
    }
    for (const std::string& assignment : recorder.steeredTooLate())
        recorder.event(resume ? resume->state.step : 0, "note",
            {{"text", assignment + " came after the run had ended and is dropped"}});
    if (options.threads > 0 && file.parallel.data > options.threads) {
        const std::string ranks = std::to_string(file.parallel.data);
        base::log(base::LogLevel::Info,
            "the " + ranks + " ranks of parallel.data take a thread each: " + ranks
                + " threads, not " + std::to_string(options.threads));
    }
    recorder.publish(telemetry::StateChange{RunState::Running, ""});
}

int Trainer::Impl::threadsOfARank() const
{
    const int all = options.threads > 0 ? options.threads : kernels::availableCores();
    return std::max(1, all / static_cast<int>(file.parallel.data));
}

std::unique_ptr<kernels::Backend> Trainer::Impl::makeBackend() const
{
    const int each = threadsOfARank();
    return options.makeBackend ? options.makeBackend(each)
                               : kernels::makeBackend(options.device, each);
}

void Trainer::Impl::trainRanks(Leader& leader, LoopResult& result)
{
    recorder.progress("loading weights", "parameters", 0, file.model.parameters());
    HostState initial = initialState(file, layout, resume);
    const RunContext context{file, train, valid ? &*valid : nullptr, probes,
        resume ? resume->state.step + 1 : 1,
        resume && resume->validationCutShort ? &resume->record : nullptr,
        ranksAtOnce(file.parallel.data, threadsOfARank(), kernels::availableCores()), initial,
        [this] {
            begin();
        }};
    std::vector<std::unique_ptr<kernels::Backend>> backends;
    backends.reserve(static_cast<size_t>(file.parallel.data));
    for (int64_t rank = 0; rank < file.parallel.data; ++rank)
        backends.push_back(makeBackend());
    const auto backendOf = [&](int rank) -> kernels::Backend& {
        return *backends[static_cast<size_t>(rank)];
    };
    const auto body = [&](parallel::Communicator& ranks) {
        const bool first = ranks.rank() == 0;
        LoopResult unused;
        trainRank(context, backendOf(ranks.rank()), ranks, first ? &leader : nullptr,
            first ? &recorder : nullptr, first ? result : unused);
    };
    if (file.parallel.data == 1)
        body(*parallel::makeSingleRank());
    else
        parallel::runLocalRanks(static_cast<int>(file.parallel.data), backendOf, body);
}

TrainResult Trainer::Impl::run(std::stop_token stop)
{
    recorder.open(file, options.resume, resume);
    LoopResult loop = resume ? resultSoFar(*resume) : LoopResult{};
    TrainResult result;
    const auto failed = [&](const Error& error) {
        fail(loop.steps, error.what());
    };
    try {
        Leader leader(file, resume, control, recorder, tokenizer, std::move(stop));
        trainRanks(leader, loop);
        result.state = leader.stopped() ? RunState::Stopped : RunState::Done;
        result.checkpoint = leader.newestCheckpoint();
        recorder.event(loop.steps, leader.stopped() ? "stopped" : "finished", Json::object());
        recorder.publish(telemetry::StateChange{result.state, ""});
        recorder.flush();
    } catch (const OutOfMemory& memory) {
        const Error error(memory.problem(), memory.place(), kMemoryRemedy);
        failed(error);
        throw error;
    } catch (const Error& error) {
        failed(error);
        throw;
    } catch (const std::bad_alloc&) {
        const Error error("there is not enough memory", "training", kMemoryRemedy);
        failed(error);
        throw error;
    } catch (const std::exception&) {
        const Error error(
            "an error that we did not foresee", "training", "please report what you did");
        failed(error);
        throw error;
    }
    result.run = recorder.runId();
    result.steps = loop.steps;
    result.finalLoss = loop.finalLoss;
    result.tokensPerSecond = loop.tokensPerSecond;
    result.mfu = loop.mfu;
    result.peakBytes = loop.peakBytes;
    return result;
}

/// Says why the run ended. The error itself goes on to the caller, whatever becomes of this.
void Trainer::Impl::fail(int64_t step, const std::string& line)
{
    recorder.event(step, "failed", {{"error", line}});
    recorder.publish(telemetry::StateChange{RunState::Failed, line});
    try {
        recorder.flush();
    } catch (const Error& error) {
        base::log(base::LogLevel::Error, error.what());
    }
}

Trainer::Trainer(RunFile file, TrainerOptions options)
    : m_impl(std::make_unique<Impl>(std::move(file), std::move(options)))
{
}

Trainer::~Trainer() = default;

TrainEstimate Trainer::estimate() const
{
    const RunFile& file = m_impl->file;
    const model::ModelConfig& model = file.model;
    const int64_t ranks = file.parallel.data, floats = m_impl->layout.elements * 4;
    int64_t matrices = 0;
    for (const model::Parameter& parameter : m_impl->layout.parameters) {
        const bool product = parameter.decays() && parameter.offset != m_impl->layout.embedding;
        matrices += product ? parameter.shape.elements() : 0;
    }
    if (model.tieWordEmbeddings)
        matrices += model.vocabSize * model.hiddenSize;
    TrainEstimate estimate;
    estimate.parameters = model.parameters();
    estimate.activeParameters = model.activeParameters();
    estimate.weightBytes = ranks * floats;
    // The CPU's products read float32 masters as they are, and hold a copy for each direction in
    // bfloat16.
    estimate.packedBytes
        = file.precision == kernels::DType::BFloat16 ? ranks * matrices * 2 * 2 : 0;
    estimate.gradientBytes = ranks * floats;
    estimate.optimizerBytes = (file.parallel.zero == 1 ? 1 : ranks) * 2 * floats;
    estimate.activationBytes = ranks
        * model::activationBytes(model, file.precision, {file.microBatchSize, file.sequenceLength});
    // One layer's products of all pairs of experts, whose similarity is measured.
    estimate.activationBytes += ranks * model.experts * model.experts * 8;
    estimate.trainTokens = m_impl->train.tokens();
    estimate.samplesPerEpoch = (m_impl->train.tokens() - 1) / file.sequenceLength;
    estimate.epochs = static_cast<double>(file.trainSteps)
        * static_cast<double>(file.globalBatchSize) / static_cast<double>(estimate.samplesPerEpoch);
    return estimate;
}

TrainResult Trainer::run(std::stop_token stop)
{
    refuseWhatDoesNotFit(estimate());
    return m_impl->run(std::move(stop));
}

int64_t Trainer::runId() const
{
    return m_impl->recorder.runId();
}

void Trainer::steer(const std::string& key, const std::string& valueJson, const std::string& by)
{
    m_impl->control.steer(key, valueJson, by);
}

void Trainer::setPaused(bool paused)
{
    m_impl->control.setPaused(paused);
}

} // namespace moe::train
