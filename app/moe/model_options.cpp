// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/model_options.h"

#include "app/moe/progress.h"
#include "engine/base/log.h"
#include "kernels/error.h"

#include <algorithm>
#include <utility>

namespace moe::cli {

namespace {

constexpr int64_t kMostTokens = int64_t{1} << 40;

/// One of the values that an option takes, the first where it is not given.
std::string choice(
    const Arguments& arguments, const std::string& option, const std::vector<std::string>& values)
{
    const std::string value = arguments.text(option, values.front());
    if (std::find(values.begin(), values.end(), value) != values.end())
        return value;
    std::string all = values.front();
    for (size_t i = 1; i < values.size(); ++i)
        all += (i + 1 < values.size() ? ", " : " or ") + values[i];
    throw UsageError(option + " " + value.substr(0, 80), "moe " + arguments.command, all);
}

void refuseLaterOptions(const Arguments& arguments)
{
    for (const char* option : {"--plan", "--tensor"}) {
        if (arguments.has(option))
            throw UsageError(std::string(option) + " is not there yet", "moe " + arguments.command,
                "leave it out: the model runs on one device");
    }
}

} // namespace

std::vector<Option> modelOptions()
{
    return {{"--model", "DIR", "the checkpoint, a Hugging Face folder", true},
        {"--precision", "P",
            "stored (default): BF16 activations over the weights as they are; float32: exact "
            "products over the dequantised weights"},
        {"--kv-cache", "TYPE", "bf16 (default) or fp8: how keys and values are kept"},
        {"--context", "N", "tokens of a sequence (default: the model's, bounded by memory)"},
        {"--head", "H", "stored (default), or fp8: the head is quantised when it is opened"},
        {"--plan", "PLAN.json", "not there yet"}, {"--tensor", "N", "not there yet"},
        deviceOption(), threadsOption(), quietOption()};
}

std::vector<Option> samplingOptions(const std::string& maxTokens)
{
    return {{"--max-tokens", "N", "tokens of a reply at most (default: " + maxTokens + ")"},
        {"--temperature", "X", "0 (default): always the likeliest token; higher: more variety"},
        {"--top-k", "N", "draw from the N likeliest tokens (default 0: all)"},
        {"--top-p", "X", "draw from the likeliest tokens that together reach X (default: 1)"},
        {"--min-p", "X",
            "draw from tokens with at least this share of the likeliest one's probability "
            "(default: 0)"},
        {"--repetition-penalty", "X", "divides the logits of tokens seen before (default: 1)"},
        {"--presence-penalty", "X",
            "taken from the logits of tokens generated before (default: 0)"},
        {"--frequency-penalty", "X", "the same, times how often (default: 0)"},
        {"--seed", "N", "the same seed gives the same reply (default: drawn)"},
        {"--stop", "S", "a text that ends the reply and is no part of it", false, true}};
}

kernels::DType precisionOf(const Arguments& arguments)
{
    return choice(arguments, "--precision", {"stored", "float32"}) == "stored"
        ? kernels::DType::BFloat16
        : kernels::DType::Float32;
}

infer::OpenOptions openOptions(const Arguments& arguments)
{
    refuseLaterOptions(arguments);
    infer::OpenOptions options;
    options.activations = options.kvCache = precisionOf(arguments);
    if (choice(arguments, "--kv-cache", {"bf16", "fp8"}) == "fp8")
        options.kvCache = kernels::DType::Float8E4M3;
    if (choice(arguments, "--head", {"stored", "fp8"}) == "fp8")
        options.head = infer::Head::Fp8;
    options.context = arguments.integer("--context", 1, kMostTokens, 0);
    options.device = arguments.device();
    options.threads = arguments.threads();
    return options;
}

std::unique_ptr<infer::OpenedModel> openModel(
    const Arguments& arguments, const std::stop_token& cancelled)
{
    infer::OpenOptions options = openOptions(arguments);
    options.cancelled = cancelled;
    return openModel(arguments, std::move(options));
}

std::unique_ptr<infer::OpenedModel> openModel(
    const Arguments& arguments, infer::OpenOptions options)
{
    ProgressLine line(arguments.has("--quiet"));
    options.progress = [&](const telemetry::Progress& progress) {
        line.show(progress.what, progress.done, progress.total);
    };
    return std::make_unique<infer::OpenedModel>(arguments.filledText("--model"), options);
}

infer::GenerationRequest requestOf(const Arguments& arguments, int64_t maxTokens)
{
    constexpr double kMost = 1e6;
    infer::GenerationRequest request;
    request.maxTokens = arguments.integer("--max-tokens", 1, kMostTokens, maxTokens);
    infer::Sampling& sampling = request.sampling;
    sampling.temperature = arguments.number("--temperature", 0, kMost, sampling.temperature);
    sampling.topK = arguments.integer("--top-k", 0, kMostTokens, sampling.topK);
    sampling.topP = arguments.number("--top-p", 0, 1, sampling.topP);
    sampling.minP = arguments.number("--min-p", 0, 1, sampling.minP);
    sampling.repetitionPenalty
        = arguments.number("--repetition-penalty", 1e-6, kMost, sampling.repetitionPenalty);
    sampling.presencePenalty
        = arguments.number("--presence-penalty", -kMost, kMost, sampling.presencePenalty);
    sampling.frequencyPenalty
        = arguments.number("--frequency-penalty", -kMost, kMost, sampling.frequencyPenalty);
    if (arguments.has("--seed"))
        request.seed = static_cast<uint64_t>(arguments.integer("--seed", 0, INT64_MAX, 0));
    request.stop = arguments.all("--stop");
    return request;
}

void tellOfMissingTemplate(const infer::OpenedModel& model)
{
    if (!model.chat().chatTemplate)
        base::log(base::LogLevel::Warning,
            model.name() + " has no chat template: its messages are joined by newlines");
}

void throwFailure(const infer::GenerationResult& result)
{
    if (result.error)
        throw Error(*result.error);
}

} // namespace moe::cli
