// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/server.h"

#include "app/moe/commands.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "engine/base/log.h"
#include "engine/infer/generator.h"
#include "engine/infer/opened_model.h"
#include "kernels/error.h"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace moe::cli {

namespace {

infer::OpenOptions openOptions(const Arguments& arguments)
{
    infer::OpenOptions options;
    options.context = arguments.integer("--context", 1, int64_t{1} << 40, 0);
    options.parallel = arguments.integer("--parallel", 1, 1024, 4);
    options.threads = arguments.threads();
    const std::string cache = arguments.text("--kv-cache", "bf16");
    if (cache != "bf16" && cache != "fp8")
        throw UsageError("--kv-cache " + cache.substr(0, 80), "moe serve", "bf16 or fp8");
    if (cache == "fp8")
        options.kvCache = kernels::DType::Float8E4M3;
    return options;
}

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

int run(const Arguments& arguments)
{
    const serve::ServerOptions options = serverOptions(arguments);
    infer::OpenOptions opening = openOptions(arguments);
    opening.cancelled = stopOnSignals();
    serve::checkAccess(options);
    const bool quiet = arguments.has("--quiet");
    ProgressLine line(quiet);
    opening.progress = [&](const telemetry::Progress& progress) {
        line.show(progress.what, progress.done, progress.total);
    };
    infer::OpenedModel model(arguments.filledText("--model"), opening);
    if (!model.chat().chatTemplate)
        base::log(base::LogLevel::Warning,
            model.name() + " has no chat template: its messages are joined by newlines");
    infer::Generator generator(model);
    serve::Server server(serve::servedModel(model, generator), options);
    server.start();
    if (!quiet)
        line.note("serving " + model.name() + " on " + server.address() + "/v1, "
            + std::to_string(model.parallel()) + " at once, contexts of "
            + std::to_string(model.context()) + " tokens; Ctrl-C stops");
    waitFor(opening.cancelled);
    server.stop();
    throw Cancelled("stopped", "moe serve", "what was asked has been answered, or told so");
}

} // namespace

Command serveCommand()
{
    Command command;
    command.name = "serve";
    command.summary = "Answers over HTTP as OpenAI's API does";
    command.options = {
        {"--model", "DIR", "the checkpoint, a Hugging Face folder; its name is the model's id",
            true},
        {"--host", "ADDRESS", "where to listen (default 127.0.0.1)"},
        {"--port", "N", "8080 unless told; 0 takes any that is free"},
        {"--api-key", "K", "the key that clients must send (or MOE_API_KEY of the environment)"},
        {"--parallel", "N", "answers generated at once (default 4)"},
        {"--queue", "N", "answers that may wait beyond those (default 64)"},
        {"--context", "N", "tokens of a sequence (default: the model's, bounded by memory)"},
        {"--kv-cache", "TYPE", "bf16 (default) or fp8: how keys and values are kept"},
        {"--max-body", "BYTES", "the longest body of a request (default 4194304)"},
        threadsOption(),
        quietOption(),
    };
    command.description
        = "Routes: /v1/models, /v1/models/{id}, /v1/chat/completions, /v1/completions, /health, "
          "/metrics. Plain HTTP: an address that other machines reach wants a key, and a proxy "
          "before it for TLS. Ctrl-C and SIGTERM let answers under way end for five seconds, then "
          "end them with an error; a second one ends at once.";
    command.run = run;
    return command;
}

} // namespace moe::cli
