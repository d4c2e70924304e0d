// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/upcycle.h"
#include "app/moe/commands.h"
#include "engine/base/json.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

int run(const Arguments& arguments)
{
    const std::string out = arguments.filledText("--out");
    const int64_t experts = arguments.integer("--experts", 1, 16384, 0);
    const int64_t topK = arguments.integer("--top-k", 1, 16384, 0);
    const auto seed = static_cast<uint64_t>(arguments.integer("--seed", 0, INT64_MAX, 1));
    train::upcycleFolder(arguments.filledText("--from"), experts, topK, seed, out);

    const model::ModelConfig config = model::readConfig(out);
    if (arguments.has("--json"))
        std::puts(base::Json{{"out", out}, {"experts", experts}, {"top_k", topK},
            {"parameters", config.parameters()}, {"active_parameters", config.activeParameters()}}
                      .dump(-1, ' ', false, base::Json::error_handler_t::replace)
                      .c_str());
    else if (!arguments.has("--quiet"))
        std::fprintf(stderr, "%s: %.3f M parameters, %.3f M of them active for a token\n",
            out.c_str(), static_cast<double>(config.parameters()) / 1e6,
            static_cast<double>(config.activeParameters()) / 1e6);
    return 0;
}

} // namespace

Command upcycleCommand()
{
    Command command;
    command.name = "upcycle";
    command.summary = "Makes a mixture of experts of a dense checkpoint";
    command.options = {{"--from", "DIR", "the dense checkpoint, a Hugging Face folder", true},
        {"--experts", "N", "experts in every layer", true},
        {"--top-k", "K", "experts that a token is routed to", true},
        {"--seed", "N", "of the routers (default: 1)"},
        {"--out", "DIR", "the folder to write, new or empty", true}, jsonOption(), quietOption()};
    command.description
        = "Every expert starts as a copy of the dense feed-forward network, the routers are drawn "
          "from N(0, 0.02), and all else is carried over, in the source's dtype. What is written "
          "is a Skywork checkpoint with gating-logit normalisation (λ = 1). Sources are "
          "Llama-shaped; those with biases or q/k norms are refused.";
    command.run = run;
    return command;
}

} // namespace moe::cli
