// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// moe bench decode and prefill: a whole model of random weights, beside what the machine can read
// and multiply at the same time.
#include "app/moe/bench_commands.h"
#include "app/moe/signals.h"
#include "engine/base/json.h"
#include "engine/infer/memory_advice.h"
#include "engine/infer/speed.h"
#include "kernels/devices.h"
#include "kernels/error.h"
#include "kernels/peak.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

infer::SpeedRun runOf(const Arguments& arguments, bool decodes)
{
    constexpr int64_t kMost = 1'000'000;
    infer::SpeedRun run;
    run.config = model::readConfig(arguments.filledText("--config"));
    const std::string weights = arguments.text("--weights", "fp8");
    if (weights != "fp8" && weights != "bf16")
        throw UsageError("unknown weights", "--weights " + weights, "fp8 or bf16");
    run.weights
        = weights == "fp8" ? infer::RandomWeights::Kind::Fp8 : infer::RandomWeights::Kind::BFloat16;
    run.prompt = arguments.integer("--prompt", decodes ? 0 : 1, kMost, decodes ? 128 : 512);
    run.tokens = decodes ? arguments.integer("--tokens", 1, kMost, 64) : 0;
    run.batch = arguments.integer("--batch", 1, 1024, 1);
    return run;
}

int benchInference(const Arguments& arguments, bool decodes)
{
    const infer::SpeedRun run = runOf(arguments, decodes);
    infer::checkMemory(run);
    const auto backend = kernels::makeBackend(arguments.device(), arguments.threads());
    const std::stop_token stop = stopOnSignals();
    // Before and after: others may use the machine, and the better moment is what it can do.
    double read = kernels::measureReadBandwidth(arguments.threads());
    double multiply = kernels::measureMatmulPeak(*backend, kernels::DType::BFloat16);
    const infer::Speed speed = infer::withMemoryAdvice("moe bench", [&] {
        return decodes ? infer::measureDecode(*backend, run, stop)
                       : infer::measurePrefill(*backend, run, stop);
    });
    multiply = std::max(multiply, kernels::measureMatmulPeak(*backend, kernels::DType::BFloat16));
    // A model that a cache holds is read from there, and faster.
    const int64_t bytes
        = std::min(static_cast<int64_t>(speed.workingBytes), kernels::kBeyondCaches);
    read = std::max(read, kernels::measureReadBandwidth(arguments.threads(), bytes));
    const double readShare = speed.bytesPerToken * speed.tokensPerSecond / read;
    const double multiplyShare = speed.operationsPerToken * speed.tokensPerSecond / multiply;
    const bool fp8 = run.weights == infer::RandomWeights::Kind::Fp8;
    const char* head = fp8 && !run.config.tieWordEmbeddings ? "fp8" : "bf16";
    if (arguments.has("--json")) {
        const base::Json json{{"tokens_per_second", speed.tokensPerSecond},
            {"bytes_per_token", speed.bytesPerToken}, {"read_bandwidth_fraction", readShare},
            {"matmul_fraction", multiplyShare}, {"head", head}, {"read_bytes_per_second", read},
            {"read_buffer_bytes", bytes}, {"matmul_operations_per_second", multiply}};
        std::puts(json.dump().c_str());
    } else {
        std::printf("%.1f tokens/s, %.1f MB read a token, %.1f %% of %.1f GB/s, "
                    "%.1f %% of %.0f GFLOP/s, head %s\n",
            speed.tokensPerSecond, speed.bytesPerToken * 1e-6, 100 * readShare, read * 1e-9,
            100 * multiplyShare, multiply * 1e-9, head);
    }
    return 0;
}

Command benchInferenceCommand(bool decodes)
{
    Command command;
    command.name = decodes ? "decode" : "prefill";
    command.summary
        = decodes ? "Measures generating a token at a time" : "Measures reading prompts";
    command.options = {
        {"--config", "CONFIG.json", "the model's shape", true},
        {"--weights", "fp8|bf16", "what the weights are held in (fp8; the head too)"},
        {"--prompt", "N",
            decodes ? "tokens in the KV cache before (128)" : "tokens of a prompt (512)"},
    };
    if (decodes)
        command.options.push_back({"--tokens", "N", "tokens to generate (64)"});
    command.options.push_back({"--batch", "N", "sequences (1)"});
    command.options.push_back(deviceOption());
    command.options.push_back(threadsOption());
    command.options.push_back(jsonOption());
    command.description
        = "Runs the whole model, head included, on random weights and tokens. Bytes "
          "a token count every matrix once a step, of the experts as many as even "
          "routing chooses. The shares are of the bfloat16 product rate and of the read rate that "
          "the machine shows in the same run: memory's, or the cache's where the whole model fits "
          "into "
          "it (the rate is measured over as many bytes as the model has, 256 MiB at most).";
    command.run = [decodes](const Arguments& arguments) {
        return benchInference(arguments, decodes);
    };
    return command;
}

} // namespace

Command benchDecodeCommand()
{
    return benchInferenceCommand(true);
}

Command benchPrefillCommand()
{
    return benchInferenceCommand(false);
}

} // namespace moe::cli
