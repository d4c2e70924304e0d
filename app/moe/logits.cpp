// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/model_options.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "engine/base/json.h"
#include "engine/infer/memory_advice.h"
#include "engine/infer/token_logits.h"
#include "kernels/devices.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace moe::cli {

namespace {

constexpr int64_t kChunk = 256;

/// Returns the vocabulary's size.
int64_t writeLogits(const Arguments& arguments, const infer::OpenOptions& options,
    const std::vector<int32_t>& tokens, const std::stop_token& stop)
{
    const std::string folder = arguments.text("--model"), out = arguments.text("--out");
    const auto checkStop = [&] {
        if (stop.stop_requested())
            throw Cancelled("the logits were not written", out, "start it again");
    };
    ProgressLine progress(arguments.has("--quiet"));
    const auto backend = kernels::makeBackend(options.device, options.threads);
    const int64_t rows = std::ssize(tokens);
    infer::InferenceModel model(
        *backend, folder, options.activations, std::min(rows, kChunk), rows,
        [&](int64_t done, int64_t total) {
            checkStop();
            progress.show("opening " + folder, done, total);
        },
        options.head);
    model.stopOn(stop);
    const std::vector<float> logits = infer::tokenLogits(*backend, model, tokens);
    checkStop();
    infer::writeNpy(out, logits, rows, model.config().vocabSize);
    return model.config().vocabSize;
}

int run(const Arguments& arguments)
{
    const std::vector<int32_t> tokens = arguments.ids("--tokens");
    if (tokens.empty())
        throw UsageError("no tokens", "moe logits", "--tokens 1,2,3");
    const std::string out = arguments.filledText("--out");
    const infer::OpenOptions options = openOptions(arguments);
    const std::string folder = arguments.filledText("--model");
    const std::stop_token stop = stopOnSignals();
    const int64_t rows = std::ssize(tokens);
    const int64_t vocabulary = infer::withMemoryAdvice(
        folder, [&] { return writeLogits(arguments, options, tokens, stop); });
    if (arguments.has("--json"))
        std::puts(base::Json{{"out", out}, {"tokens", rows}, {"vocab", vocabulary}}
                      .dump(-1, ' ', false, base::Json::error_handler_t::replace)
                      .c_str());
    return 0;
}

} // namespace

Command logitsCommand()
{
    Command command;
    command.name = "logits";
    command.summary = "Writes the logits of given tokens to a file";
    for (const Option& option : modelOptions()) {
        if (option.name != "--context" && option.name != "--kv-cache")
            command.options.push_back(option);
    }
    const std::vector<Option> own{{"--tokens", "IDS", "token ids, as in 1,2,3", true},
        {"--out", "FILE.npy", "the file to write, float32 [tokens, vocab]", true}, jsonOption()};
    command.options.insert(command.options.end(), own.begin(), own.end());
    command.description
        = "Runs the tokens as one sequence and writes the logits behind each of them as NumPy "
          "reads them.";
    command.run = run;
    return command;
}

} // namespace moe::cli
