// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/corpus.h"
#include "app/moe/commands.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "engine/base/json.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

int run(const Arguments& arguments)
{
    text::CorpusOptions options;
    options.sources.assign(arguments.positionals.begin(), arguments.positionals.end());
    options.out = arguments.filledText("--out");
    if (arguments.has("--tokenizer") && arguments.has("--vocab-size"))
        throw UsageError("--vocab-size is given beside --tokenizer", "moe corpus",
            "a given tokenizer has its own vocabulary: leave one of the two out");
    if (arguments.has("--tokenizer"))
        options.tokenizer = arguments.filledText("--tokenizer");
    options.vocabSize = arguments.integer("--vocab-size", 260, 1'000'000, options.vocabSize);
    options.jsonlKey = arguments.filledText("--jsonl-key", options.jsonlKey);
    options.appendEos = !arguments.has("--no-eos");
    options.skipInvalid = arguments.has("--skip-invalid");
    ProgressLine progress(arguments.has("--quiet"));
    options.progress = [&](int64_t done, int64_t total) {
        progress.show("tokens from " + groupedText(done) + " of " + groupedText(total) + " bytes",
            done, total);
    };
    if (!options.tokenizer)
        progress.note("training a tokenizer");
    const text::CorpusResult result = text::buildCorpus(options, stopOnSignals());

    if (arguments.has("--json")) {
        const base::Json json{{"documents", result.documents}, {"tokens", result.tokens},
            {"bytes", result.bytes}, {"vocab_size", result.vocabSize},
            {"skipped_invalid", result.skippedInvalid}, {"skipped_empty", result.skippedEmpty},
            {"tokenizer", result.tokenizerFile.string()}};
        std::puts(json.dump().c_str());
    } else {
        std::printf("%s tokens of %s in %s documents, vocabulary %s\n%s.bin, %s.idx, %s\n",
            groupedText(result.tokens).c_str(), (groupedText(result.bytes) + " bytes").c_str(),
            groupedText(result.documents).c_str(), groupedText(result.vocabSize).c_str(),
            options.out.c_str(), options.out.c_str(), result.tokenizerFile.c_str());
        if (result.skippedInvalid + result.skippedEmpty > 0)
            std::printf("left out: %s files that are not UTF-8, %s empty documents\n",
                groupedText(result.skippedInvalid).c_str(),
                groupedText(result.skippedEmpty).c_str());
    }
    return 0;
}

} // namespace

Command corpusCommand()
{
    Command command;
    command.name = "corpus";
    command.summary = "Makes an indexed dataset and its tokenizer from texts";
    command.positionals = "SRC…";
    command.leastPositionals = 1;
    command.mostPositionals = -1;
    command.options = {
        {"--out", "PREFIX", "write PREFIX.bin, PREFIX.idx and the tokenizer beside them", true},
        {"--tokenizer", "FILE|DIR", "use this tokenizer instead of training one"},
        {"--vocab-size", "N", "size of the trained tokenizer's vocabulary (8192)"},
        {"--jsonl-key", "KEY", "the key of a .jsonl line that holds its text (text)"},
        {"--no-eos", "", "do not end each document with the end-of-sequence token"},
        {"--skip-invalid", "", "leave out files that are not valid UTF-8, and count them"},
        jsonOption(),
        quietOption(),
    };
    command.description
        = "SRC is a text file (one document), a .jsonl file (one document a line) or a folder (its "
          "files in byte order "
          "of their paths). The dataset is Megatron's indexed form, readable by Megatron-Core.";
    command.run = run;
    return command;
}

} // namespace moe::cli
