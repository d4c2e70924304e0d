// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/server.h"

#include "app/moe/commands.h"
#include "app/moe/model_options.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "engine/infer/generator.h"
#include "engine/infer/opened_model.h"
#include "kernels/error.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace moe::cli {

namespace {

constexpr std::chrono::seconds kLongestStop{30}; // the grace, a template's longest, and some more

serve::ServerOptions serverOptions(const Arguments& arguments)
{
    serve::ServerOptions options;
    options.host = arguments.filledText("--host", options.host);
    options.port = static_cast<uint16_t>(arguments.integer("--port", 0, 65535, options.port));
    // A command line can be read by other users of the machine, an environment cannot.
    const char* const key = std::getenv("MOE_API_KEY");
    options.apiKey = arguments.filledText("--api-key", key ? key : "");
    serve::Limits& limits = options.limits;
    limits.queue = arguments.integer("--queue", 0, 1'000'000, limits.queue);
    limits.bodyBytes = arguments.integer("--max-body", 1, int64_t{1} << 30, limits.bodyBytes);
    return options;
}

void waitFor(const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
}

/// A clean stop waits for what the model and the tokenizer are doing; whoever asked for the stop
/// should not wait for ever when that does not end.
void endAtTheLatestAfter(std::chrono::seconds most)
{
    std::thread([most] {
        std::this_thread::sleep_for(most);
        std::fputs(
            "moe: error: a request did not end: moe serve: the process ends without it\n", stderr);
        std::_Exit(128 + caughtSignal());
    }).detach();
}

int run(const Arguments& arguments)
{
    const serve::ServerOptions options = serverOptions(arguments);
    infer::OpenOptions opening = openOptions(arguments);
    opening.parallel = arguments.integer("--parallel", 1, 1024, 4);
    opening.cancelled = stopOnSignals();
    serve::checkAccess(options);
    const auto model = openModel(arguments, opening);
    tellOfMissingTemplate(*model);
    infer::Generator generator(*model);
    serve::Server server(serve::servedModel(*model, generator), options);
    server.start();
    if (!arguments.has("--quiet"))
        ProgressLine(false).note("serving " + model->name() + " on " + server.address() + "/v1, "
            + std::to_string(model->parallel()) + " at once, contexts of "
            + std::to_string(model->context()) + " tokens; Ctrl-C stops");
    waitFor(opening.cancelled);
    endAtTheLatestAfter(kLongestStop);
    server.stop();
    throw Cancelled("stopped", "moe serve", "what was asked has been answered, or told so");
}

} // namespace

Command serveCommand()
{
    Command command;
    command.name = "serve";
    command.summary = "Answers over HTTP as OpenAI's API does";
    command.options = modelOptions();
    const std::vector<Option> own{
        {"--host", "ADDRESS", "where to listen (default: 127.0.0.1)"},
        {"--port", "N", "where to listen (default: 8080); 0: any port that is free"},
        {"--api-key", "K", "the key that clients must send (or MOE_API_KEY of the environment)"},
        {"--parallel", "N", "answers generated at once (default: 4)"},
        {"--queue", "N", "answers that may wait beyond those (default: 64)"},
        {"--max-body", "BYTES", "the longest body of a request (default: 4194304)"},
    };
    command.options.insert(command.options.end(), own.begin(), own.end());
    command.description
        = "The model's id is its folder's name. Routes: /v1/models, /v1/models/{id}, "
          "/v1/chat/completions, /v1/completions, /health, "
          "/metrics. Plain HTTP: an address that other machines reach wants a key, and a proxy "
          "before it for TLS. Ctrl-C and SIGTERM let answers under way end for five seconds, then "
          "end them with an error, and end after half a minute in any case; a second one ends at "
          "once.";
    command.run = run;
    return command;
}

} // namespace moe::cli
