// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/model_options.h"
#include "app/moe/signals.h"
#include "engine/base/json.h"
#include "engine/infer/generator.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstdio>

namespace moe::cli {

namespace {

constexpr int64_t kMaxTokens = 256;

/// "LAYER:EXPERT"
infer::ExpertMask maskOf(const std::string& text)
{
    infer::ExpertMask mask;
    const char* const end = text.data() + text.size();
    const auto layer = std::from_chars(text.data(), end, mask.layer);
    if (layer.ec == std::errc() && layer.ptr < end && *layer.ptr == ':') {
        const auto expert = std::from_chars(layer.ptr + 1, end, mask.expert);
        if (expert.ec == std::errc() && expert.ptr == end)
            return mask;
    }
    throw UsageError("--mask-expert " + text.substr(0, 80), "moe generate",
        "LAYER:EXPERT, two numbers from 0, as in 3:5");
}

infer::GenerationRequest requestFor(const Arguments& arguments)
{
    infer::GenerationRequest request = requestOf(arguments, kMaxTokens);
    request.routingExtra = arguments.integer("--routing-extra", 0, 65536, 0);
    request.routing = arguments.has("--routing") || arguments.has("--routing-extra");
    for (const std::string& mask : arguments.all("--mask-expert"))
        request.masks.push_back(maskOf(mask));
    return request;
}

std::vector<int32_t> promptOf(const infer::OpenedModel& model, const Arguments& arguments)
{
    if (arguments.has("--prompt"))
        return model.tokenizer().encodePrompt(arguments.text("--prompt"));
    const base::Json chat = text::readChat(arguments.text("--messages"));
    tellOfMissingTemplate(model);
    return model.encode(chat);
}

/// [[[[expert, weight], …] of each layer] of each token]
base::Json jsonOf(const std::vector<infer::TokenRouting>& routing)
{
    base::Json tokens = base::Json::array();
    for (const infer::TokenRouting& token : routing) {
        base::Json layers = base::Json::array();
        for (const infer::LayerRouting& layer : token) {
            base::Json choices = base::Json::array();
            for (const infer::ExpertChoice& choice : layer)
                choices.push_back({choice.expert, choice.weight});
            layers.push_back(std::move(choices));
        }
        tokens.push_back(std::move(layers));
    }
    return tokens;
}

void printJson(const infer::GenerationResult& result, bool routing)
{
    base::Json json{{"text", result.text}, {"ids", result.ids},
        {"prompt_tokens", result.promptTokens}, {"finish_reason", nameOf(result.finish)},
        {"ttft_seconds", result.ttftSeconds},
        {"decode_tokens_per_second", result.decodeTokensPerSecond},
        {"routing", routing ? jsonOf(result.routing) : base::Json()}};
    std::puts(json.dump(-1, ' ', false, base::Json::error_handler_t::replace).c_str());
}

/// One line a token: how its experts shared it in each layer.
void printRouting(const std::vector<infer::TokenRouting>& routing)
{
    for (size_t token = 0; token < routing.size(); ++token) {
        std::printf("%zu", token);
        for (size_t layer = 0; layer < routing[token].size(); ++layer) {
            if (routing[token][layer].empty())
                continue;
            std::printf("  layer %zu:", layer);
            for (const infer::ExpertChoice& choice : routing[token][layer])
                std::printf(" %d %.3f", choice.expert, static_cast<double>(choice.weight));
        }
        std::putchar('\n');
    }
}

int run(const Arguments& arguments)
{
    if (arguments.has("--prompt") == arguments.has("--messages"))
        throw UsageError(arguments.has("--prompt") ? "two prompts" : "no prompt", "moe generate",
            "one of --prompt and --messages");
    const bool json = arguments.has("--json");
    infer::GenerationRequest request = requestFor(arguments);
    const std::stop_token signals = stopOnSignals();
    const auto model = openModel(arguments, signals);
    request.prompt = promptOf(*model, arguments);

    infer::Generator generator(*model);
    std::stop_source stop;
    const std::stop_callback onSignal(signals, [&stop] { stop.request_stop(); });
    const infer::OnPiece show = [&](const infer::GeneratedPiece& piece) {
        std::fwrite(piece.text.data(), 1, piece.text.size(), stdout);
        if (std::fflush(stdout) != 0) // nobody reads any more
            stop.request_stop();
    };
    const infer::GenerationResult result = infer::generate(
        generator, std::move(request), json ? infer::OnPiece() : show, stop.get_token());
    throwFailure(result);
    if (json && signals.stop_requested())
        throw Cancelled("generation was stopped", "moe generate", "start it again");
    if (json) {
        printJson(result, arguments.has("--routing") || arguments.has("--routing-extra"));
        return 0;
    }
    std::putchar('\n');
    printRouting(result.routing);
    if (signals.stop_requested())
        throw Cancelled("generation was stopped", "moe generate", "start it again");
    if (!arguments.has("--quiet"))
        std::fprintf(stderr,
            "%lld prompt tokens, the first token after %.2f s; %zu tokens, %.1f tokens/s; %s\n",
            static_cast<long long>(result.promptTokens), result.ttftSeconds, result.ids.size(),
            result.decodeTokensPerSecond, nameOf(result.finish));
    return 0;
}

} // namespace

Command generateCommand()
{
    Command command;
    command.name = "generate";
    command.summary = "Goes on from a prompt or answers a conversation";
    command.options = modelOptions();
    const std::vector<Option> own{
        {"--prompt", "T", "raw text, with nothing but what the tokenizer itself adds"},
        {"--messages", "CHAT.json", "a conversation, rendered by the model's chat template"},
        {"--routing", "", "tell every token's experts and their weights"},
        {"--routing-extra", "N", "and N runners-up with their gate probability"},
        {"--mask-expert", "LAYER:EXPERT", "leave an expert out", false, true},
    };
    command.options.insert(command.options.end(), own.begin(), own.end());
    for (const Option& option : samplingOptions(std::to_string(kMaxTokens)))
        command.options.push_back(option);
    command.options.push_back(jsonOption());
    command.description
        = "Writes the reply as it comes; with --json, one object with text, ids, prompt_tokens, "
          "finish_reason, ttft_seconds, decode_tokens_per_second and routing (null unless asked "
          "for), whose entries run over the tokens fed: the prompt, then all generated but the "
          "last. Penalties come first, then temperature, top-k, top-p and min-p. End-of-sequence "
          "ids (config.json, generation_config.json) end a reply and are no part of it. A masked "
          "expert's logit becomes −∞ after normalisation.";
    command.run = run;
    return command;
}

} // namespace moe::cli
