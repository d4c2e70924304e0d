// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/text/chat_template.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>

namespace moe::cli {

namespace {

struct Tokenized {
    std::vector<int32_t> ids;
    std::string text;
};

/// Where the chat template of a folder, a tokenizer's file or a dataset's PREFIX stands.
std::filesystem::path folderOf(const std::filesystem::path& model)
{
    const auto file = text::findTokenizerFile(model);
    return file ? file->parent_path() : model;
}

Tokenized tokenize(const text::Tokenizer& tokenizer, const Arguments& arguments)
{
    if (arguments.has("--decode")) {
        std::vector<int32_t> ids = arguments.ids("--decode");
        std::string text = tokenizer.decode(ids, arguments.has("--skip-special"));
        return {std::move(ids), std::move(text)};
    }
    if (arguments.has("--messages")) {
        const base::Json chat = text::readChat(arguments.text("--messages"));
        const text::ChatFormat format = text::readChatFormat(folderOf(arguments.text("--model")));
        if (!format.chatTemplate)
            base::log(base::LogLevel::Warning,
                "the model has no chat template: its messages are joined by newlines");
        std::string text = format.prompt(chat, arguments.has("--add-generation-prompt"));
        std::vector<int32_t> ids = tokenizer.encodeRendered(text);
        return {std::move(ids), std::move(text)};
    }
    std::string text = arguments.has("--file") ? base::readFile(arguments.text("--file"))
                                               : arguments.text("--text");
    text::checkUtf8(text, arguments.has("--file") ? arguments.text("--file") : "--text");
    std::vector<int32_t> ids = tokenizer.encodePrompt(text);
    return {std::move(ids), std::move(text)};
}

int run(const Arguments& arguments)
{
    int inputs = 0;
    for (const char* option : {"--text", "--file", "--messages", "--decode"})
        inputs += arguments.has(option);
    if (inputs != 1)
        throw UsageError(inputs == 0 ? "nothing to tokenize" : "more than one thing to tokenize",
            "moe tokenize", "one of --text, --file, --messages and --decode");
    if (arguments.has("--skip-special") && !arguments.has("--decode"))
        throw UsageError("--skip-special is of decoding", "moe tokenize", "give --decode, too");
    if (arguments.has("--add-generation-prompt") && !arguments.has("--messages"))
        throw UsageError(
            "--add-generation-prompt is of messages", "moe tokenize", "give --messages, too");
    const auto tokenizer = text::loadTokenizer(arguments.text("--model"));
    const Tokenized result = tokenize(*tokenizer, arguments);
    if (arguments.has("--json")) {
        std::puts(base::Json{{"ids", result.ids}, {"text", result.text}}
                      .dump(-1, ' ', false, base::Json::error_handler_t::replace)
                      .c_str());
        return 0;
    }
    std::string line = result.text;
    if (!arguments.has("--decode")) {
        line.clear();
        for (const int32_t id : result.ids)
            line += (line.empty() ? "" : ",") + std::to_string(id);
    }
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
    return 0;
}

} // namespace

Command tokenizeCommand()
{
    Command command;
    command.name = "tokenize";
    command.summary = "Turns text into token ids, and ids into text";
    command.options = {
        {"--model", "DIR", "a checkpoint's folder, or a tokenizer's file", true},
        {"--text", "T", "the text to tokenize"},
        {"--file", "F", "a file to tokenize, byte for byte"},
        {"--messages", "CHAT.json", "a conversation, rendered by the model's chat template"},
        {"--add-generation-prompt", "", "end the conversation where a reply begins"},
        {"--decode", "IDS", "token ids, as in 1,2,3: prints their text and a newline"},
        {"--skip-special", "", "leave special tokens out of the decoded text"},
        jsonOption(),
        quietOption(),
    };
    command.description
        = "Prints the ids of the text with what the tokenizer itself adds around it (its "
          "post-processor, or add_bos_token of a SentencePiece model); a conversation gets nothing "
          "beyond its template. Tokenizers: tokenizer.json, "
          "SentencePiece *.model, *.tiktoken.";
    command.run = run;
    return command;
}

} // namespace moe::cli
