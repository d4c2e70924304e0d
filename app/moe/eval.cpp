// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/model_options.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/infer/evaluate.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace moe::cli {

namespace {

int64_t answerOf(base::ObjectReader& reader, const std::vector<std::string>& choices)
{
    const base::Json* answer = reader.raw("answer");
    if (!answer || !answer->is_string())
        return reader.integer("answer", 0, std::ssize(choices) - 1);
    const auto found = std::find(choices.begin(), choices.end(), answer->get<std::string>());
    if (found == choices.end())
        throw Error("the answer is none of the choices", reader.at("answer"),
            "a choice's text, or its index from 0");
    return found - choices.begin();
}

infer::MultipleChoice itemOf(const std::string& line, const std::string& where)
{
    const base::Json json = base::parseJson(line, where);
    base::ObjectReader reader(json, where);
    infer::MultipleChoice item;
    item.where = where;
    item.question = reader.text("question");
    const base::Json* choices = reader.raw("choices");
    if (!choices || !choices->is_array() || choices->empty())
        throw Error("choices is not a list of texts", where, "write [\"…\", \"…\"]");
    for (const base::Json& choice : *choices) {
        if (!choice.is_string())
            throw Error("choices is not a list of texts", where, "write [\"…\", \"…\"]");
        item.choices.push_back(choice.get<std::string>());
    }
    item.answer = answerOf(reader, item.choices);
    return item;
}

std::vector<infer::MultipleChoice> itemsOf(const std::string& text, const std::string& file)
{
    std::vector<infer::MultipleChoice> items;
    int64_t number = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        ++number;
        if (line.find_first_not_of(" \t\r") != std::string::npos)
            items.push_back(itemOf(line, file + ": line " + std::to_string(number)));
    }
    if (items.empty())
        throw Error("no question", file, "lines of {\"question\", \"choices\", \"answer\"}");
    return items;
}

base::Json evaluate(infer::OpenedModel& model, const std::string& file, const std::string& text,
    const infer::OnEvaluated& onEvaluated)
{
    if (std::filesystem::path(file).extension() != ".jsonl") {
        text::checkUtf8(text, file);
        const std::vector<int32_t> ids = model.tokenizer().encodePrompt(text);
        if (ids.size() < 2)
            throw Error("no token has others before it", file, "a text of two tokens at least");
        const infer::Perplexity result = infer::perplexityOf(model, ids, onEvaluated);
        return {{"perplexity", result.perplexity}, {"tokens", result.tokens}};
    }
    const std::vector<infer::MultipleChoice> items = itemsOf(text, file);
    // All before the first is computed: a line that cannot be scored should not cost an hour.
    std::vector<std::vector<infer::ChoiceTokens>> choices;
    choices.reserve(items.size());
    for (const infer::MultipleChoice& item : items)
        choices.push_back(infer::choiceTokens(model, item));
    int64_t right = 0;
    for (size_t i = 0; i < items.size(); ++i) {
        right += infer::likeliestChoice(model, choices[i]) == items[i].answer;
        onEvaluated(static_cast<int64_t>(i) + 1, std::ssize(items));
    }
    return {{"accuracy", static_cast<double>(right) / static_cast<double>(items.size())},
        {"items", std::ssize(items)}};
}

int run(const Arguments& arguments)
{
    const std::string file = arguments.filledText("--data");
    const std::string text = base::readFile(file);
    const std::stop_token stop = stopOnSignals();
    const auto model = openModel(arguments, stop);
    model->model().stopOn(stop);
    ProgressLine progress(arguments.has("--quiet"));
    const base::Json result = evaluate(*model, file, text, [&](int64_t done, int64_t total) {
        if (stop.stop_requested())
            throw Cancelled("the evaluation was stopped", file, "start it again");
        progress.show(groupedText(done) + " of " + groupedText(total), done, total);
    });
    if (arguments.has("--json")) {
        std::puts(result.dump(-1, ' ', false, base::Json::error_handler_t::replace).c_str());
    } else {
        for (const auto& [key, value] : result.items())
            std::printf("%-10s  %s\n", key.c_str(), value.dump().c_str());
    }
    return 0;
}

} // namespace

Command evalCommand()
{
    Command command;
    command.name = "eval";
    command.summary = "Measures a model on a text or on questions";
    command.options = modelOptions();
    command.options.push_back({"--data", "FILE", "a text, or questions as *.jsonl", true});
    command.options.push_back(jsonOption());
    command.description
        = "A text gives the perplexity over windows of min(max_position_embeddings, 2048) tokens "
          "without overlap, every token but a window's first. A .jsonl file holds a question a "
          "line, {\"question\": …, \"choices\": […], \"answer\": …} (the right choice's index from "
          "0, or its text); a model's answer is the choice with the largest sum of "
          "log-probabilities"
          " behind the question, both joined as they are.";
    command.run = run;
    return command;
}

} // namespace moe::cli
