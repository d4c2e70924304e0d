// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/model_options.h"
#include "app/moe/terminal.h"
#include "engine/base/json.h"
#include "engine/infer/generator.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>

namespace moe::cli {

namespace {

constexpr int64_t kMaxTokens = 1024;
constexpr const char* kStartOver = "/new";

/// Streams one reply to standard output. A signal stops it, and what came stays; a second one, or
/// SIGTERM, is told by `leave`.
infer::GenerationResult reply(infer::Generator& generator, Terminal& terminal,
    const infer::GenerationRequest& request, bool& leave)
{
    infer::GenerationResult result;
    int signals = 0;
    const infer::RequestId id = generator.submit(
        request,
        [](const infer::GeneratedPiece& piece) {
            std::fwrite(piece.text.data(), 1, piece.text.size(), stdout);
            std::fflush(stdout);
        },
        [&](const infer::GenerationResult& made) {
            result = made;
            terminal.notify();
        });
    terminal.wait([&] {
        ++signals;
        leave = leave || signals > 1 || terminal.signal() == SIGTERM;
        generator.cancel(id);
    });
    std::fputs("\n", stdout);
    return result;
}

base::Json opening(const Arguments& arguments)
{
    base::Json messages = base::Json::array();
    if (arguments.has("--system"))
        messages.push_back({{"role", "system"}, {"content", arguments.text("--system")}});
    return messages;
}

int run(const Arguments& arguments)
{
    infer::GenerationRequest request = requestOf(arguments, kMaxTokens);
    Terminal terminal;
    const auto model = openModel(arguments, std::stop_token());
    infer::Generator generator(*model);
    tellOfMissingTemplate(*model);
    base::Json messages = opening(arguments);
    bool leave = false;
    while (!leave) {
        const auto line = terminal.readLine("> ");
        if (!line)
            break;
        if (line->empty())
            continue;
        if (*line == kStartOver) {
            messages = opening(arguments);
            std::fputs("moe: a new conversation\n", stderr);
            continue;
        }
        messages.push_back({{"role", "user"}, {"content", *line}});
        infer::GenerationResult result;
        try {
            request.prompt
                = model->encode(text::checkedChat({{"messages", messages}}, "the conversation"));
            result = reply(generator, terminal, request, leave);
        } catch (const Error& refusal) { // the line's fault: the conversation goes on without it
            std::fprintf(stderr, "moe: this line is left out: %s\n", refusal.what());
            messages.erase(messages.size() - 1);
            if (std::ssize(request.prompt) > model->context() && messages != opening(arguments))
                std::fprintf(stderr,
                    "moe: the context of %lld tokens is full: %s starts a new conversation\n",
                    static_cast<long long>(model->context()), kStartOver);
            continue;
        }
        throwFailure(result);
        messages.push_back({{"role", "assistant"}, {"content", result.text}});
        if (std::ferror(stdout))
            break;
    }
    return terminal.signal() ? 128 + terminal.signal() : 0;
}

} // namespace

Command chatCommand()
{
    Command command;
    command.name = "chat";
    command.summary = "Talks with a model in the terminal";
    command.options = modelOptions();
    command.options.push_back({"--system", "T", "a system message that stands before all others"});
    for (const Option& option : samplingOptions(std::to_string(kMaxTokens)))
        command.options.push_back(option);
    command.description
        = "A line is a message, and the whole conversation goes to the model by its chat template; "
          "a model without one gets the messages joined by newlines. Ctrl-C stops a reply, what "
          "came of it stays in the conversation; a second Ctrl-C, or one where no reply runs, "
          "leaves, as Ctrl-D does. A line that cannot be a message is left out and named. The line "
          "/new starts a new conversation, as when the context is full.";
    command.run = run;
    return command;
}

} // namespace moe::cli
