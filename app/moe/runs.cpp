// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "app/moe/progress.h"
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/telemetry/run_store.h"
#include "engine/train/run_file.h"
#include "engine/train/trainer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <system_error>

namespace moe::cli {

namespace {

using base::Json;
using telemetry::RunInfo;
using telemetry::RunStore;

std::filesystem::path storePath(const Arguments& arguments)
{
    return arguments.has("--store") ? std::filesystem::path(arguments.filledText("--store"))
                                    : telemetry::defaultStorePath();
}

/// Only an import may begin a store: elsewhere a path that is not there is a mistyped one.
RunStore openStore(const Arguments& arguments, RunStore::Mode mode)
{
    const std::filesystem::path path = storePath(arguments);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        throw Error("there is no run store", path.string(),
            arguments.has("--store") ? "check the path that --store names"
                                     : "train or import a run first");
    return RunStore(path, mode);
}

/// Names may come from files of others: what is no UTF-8 in them is replaced.
void printJson(const Json& json)
{
    std::puts(json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

Json maybe(const std::optional<double>& value)
{
    return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json jsonOrNull(const std::string& text)
{
    Json json = Json::parse(text, nullptr, false);
    return json.is_discarded() ? Json(nullptr) : json;
}

Json runJson(const RunInfo& run)
{
    return {{"id", run.id}, {"name", run.name}, {"state", nameOf(run.state)}, {"steps", run.steps},
        {"train_steps", run.trainSteps}, {"created", run.created}, {"updated", run.updated},
        {"loss", maybe(run.lastLoss)}, {"best_loss", maybe(run.bestLoss)},
        {"valid_loss", maybe(run.lastValidLoss)}, {"best_valid_loss", maybe(run.bestValidLoss)},
        {"layers", run.layers}, {"experts", run.experts}, {"tags", run.tags}, {"notes", run.notes},
        {"source", run.source}};
}

Json eventJson(const telemetry::RunEvent& event)
{
    Json json{{"step", event.step}, {"kind", event.kind}};
    Json payload = jsonOrNull(event.payload);
    if (!payload.is_object())
        payload = Json::object();
    for (const auto& [key, value] : payload.items()) {
        if (!json.contains(key))
            json[key] = value;
    }
    if (!json.contains("time"))
        json["time"] = event.time;
    return json;
}

/// Columns that text takes on a terminal: wide East Asian characters take two.
size_t widthOf(const std::string& text)
{
    size_t width = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 || byte >= 0xC0)
            width += byte >= 0xE1 ? 2 : 1;
    }
    return width;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string lossText(const std::optional<double>& loss)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", loss.value_or(0));
    return loss ? text : "-";
}

std::string stepsText(const RunInfo& run)
{
    return groupedText(run.steps) + (run.trainSteps > 0 ? "/" + groupedText(run.trainSteps) : "");
}

/// Numbers right, words left, two spaces between.
void printTable(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right)
{
    std::vector<size_t> widths(right.size());
    for (const auto& row : rows) {
        for (size_t c = 0; c < row.size(); ++c)
            widths[c] = std::max(widths[c], widthOf(row[c]));
    }
    for (const auto& row : rows) {
        std::string line;
        for (size_t c = 0; c < row.size(); ++c) {
            const std::string fill(widths[c] - widthOf(row[c]), ' ');
            line += (c ? "  " : "") + (right[c] ? fill + row[c] : row[c] + fill);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        std::puts(line.c_str());
    }
}

int list(const Arguments& arguments)
{
    std::error_code ignored;
    std::vector<RunInfo> runs;
    if (arguments.has("--store") || std::filesystem::exists(storePath(arguments), ignored))
        runs = openStore(arguments, RunStore::Mode::ReadOnly).runs();
    if (arguments.has("--json")) {
        Json json{{"runs", Json::array()}};
        for (const RunInfo& run : runs)
            json["runs"].push_back(runJson(run));
        printJson(json);
        return 0;
    }
    if (runs.empty()) {
        std::puts("No runs yet. Start one with moe train, or take one in with moe runs import.");
        return 0;
    }
    std::vector<std::vector<std::string>> rows{
        {"id", "name", "state", "steps", "loss", "best valid", "tags"}};
    for (const RunInfo& run : runs)
        rows.push_back({std::to_string(run.id), run.name, nameOf(run.state), stepsText(run),
            lossText(run.lastLoss), lossText(run.bestValidLoss), joined(run.tags)});
    printTable(rows, {true, false, false, true, true, true, false});
    return 0;
}

/// Notes as a terminal may show them: their lines below each other, and no escapes, which stores
/// of older versions and of others may hold.
std::string indented(const std::string& notes)
{
    std::string text;
    for (const char c : notes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n')
            text += "\n              ";
        else
            text += byte < 0x20 || byte == 0x7F ? ' ' : c;
    }
    return text;
}

int show(const Arguments& arguments)
{
    const RunStore store = openStore(arguments, RunStore::Mode::ReadOnly);
    const RunInfo run = store.find(arguments.positionals[0]);
    const std::vector<telemetry::RunEvent> events = store.events(run.id);
    if (arguments.has("--json")) {
        Json json = runJson(run);
        json["run_file"] = jsonOrNull(run.runFile);
        json["events"] = Json::array();
        for (const telemetry::RunEvent& event : events)
            json["events"].push_back(eventJson(event));
        printJson(json);
        return 0;
    }
    std::printf(
        "%s (id %lld, %s)\n", run.name.c_str(), static_cast<long long>(run.id), nameOf(run.state));
    std::printf("  steps       %s\n", stepsText(run).c_str());
    std::printf("  loss        %s, best %s\n", lossText(run.lastLoss).c_str(),
        lossText(run.bestLoss).c_str());
    std::printf("  valid loss  %s, best %s\n", lossText(run.lastValidLoss).c_str(),
        lossText(run.bestValidLoss).c_str());
    std::printf("  MoE         %d layers, %d experts\n", run.layers, run.experts);
    std::printf("  source      %s\n", run.source.c_str());
    if (!run.tags.empty())
        std::printf("  tags        %s\n", joined(run.tags).c_str());
    if (!run.notes.empty())
        std::printf("  notes       %s\n", indented(run.notes).c_str());
    for (const telemetry::RunEvent& event : events)
        std::printf("  step %-6lld %s %s\n", static_cast<long long>(event.step), event.kind.c_str(),
            event.payload.c_str());
    return 0;
}

/// What a command that changes a run says in the end.
int done(const Arguments& arguments, const RunInfo& run, const std::string& what)
{
    if (arguments.has("--json"))
        printJson({{"id", run.id}, {"name", run.name}});
    else if (!arguments.has("--quiet"))
        std::printf(
            "%s (id %lld): %s\n", run.name.c_str(), static_cast<long long>(run.id), what.c_str());
    return 0;
}

/// The text of a positional that the user may have typed in another encoding.
std::string utf8Text(const std::string& text, const std::string& what)
{
    if (base::findInvalidUtf8(text))
        throw UsageError("not UTF-8", what, "type it in a UTF-8 terminal");
    return text;
}

int rename(const Arguments& arguments)
{
    RunStore store = openStore(arguments, RunStore::Mode::ReadWrite);
    const RunInfo run = store.find(arguments.positionals[0]);
    store.rename(run.id, utf8Text(arguments.positionals[1], "NAME"));
    return done(arguments, store.run(run.id), "renamed from " + run.name);
}

int remove(const Arguments& arguments)
{
    RunStore store = openStore(arguments, RunStore::Mode::ReadWrite);
    const RunInfo run = store.find(arguments.positionals[0]);
    store.remove(run.id);
    return done(arguments, run, "deleted");
}

int tag(const Arguments& arguments)
{
    RunStore store = openStore(arguments, RunStore::Mode::ReadWrite);
    const RunInfo run = store.find(arguments.positionals[0]);
    std::vector<std::string> tags;
    std::string rest = utf8Text(arguments.positionals[1], "TAGS") + ",";
    for (size_t end = rest.find(','); end != std::string::npos; end = rest.find(',')) {
        const std::string one = rest.substr(0, end);
        if (const size_t first = one.find_first_not_of(' '); first != std::string::npos)
            tags.push_back(one.substr(first, one.find_last_not_of(' ') + 1 - first));
        rest.erase(0, end + 1);
    }
    store.setTags(run.id, tags);
    return done(arguments, run, tags.empty() ? "no tags" : "tagged " + joined(tags));
}

int note(const Arguments& arguments)
{
    RunStore store = openStore(arguments, RunStore::Mode::ReadWrite);
    const RunInfo run = store.find(arguments.positionals[0]);
    store.setNotes(run.id, utf8Text(arguments.positionals[1], "TEXT"));
    return done(arguments, run, "noted");
}

int exportTo(const Arguments& arguments)
{
    const std::string out = arguments.filledText("--out");
    const RunStore store = openStore(arguments, RunStore::Mode::ReadOnly);
    const RunInfo run = store.find(arguments.positionals[0]);
    exportRun(store, run.id, arguments.text("--format"), out);
    return done(arguments, run, "written to " + out);
}

int importFrom(const Arguments& arguments)
{
    for (const std::string& path : arguments.positionals) { // before a store is begun for nothing
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored))
            throw Error("cannot open", path, "no such file or folder, check the path");
    }
    RunStore store(storePath(arguments));
    std::vector<int64_t> ids;
    store.transaction([&] { // all paths or none
        for (const std::string& path : arguments.positionals) {
            for (const int64_t id : importRuns(store, path))
                ids.push_back(id);
        }
    });
    if (arguments.has("--json")) {
        Json json{{"runs", Json::array()}};
        for (const int64_t id : ids)
            json["runs"].push_back(runJson(store.run(id)));
        printJson(json);
        return 0;
    }
    for (const int64_t id : ids) {
        const RunInfo run = store.run(id);
        done(arguments, run, "imported, last step " + groupedText(run.steps));
    }
    return 0;
}

int steer(const Arguments& arguments)
{
    const std::string& assignment = arguments.positionals[1];
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
        throw UsageError("not an assignment", "moe runs steer: " + assignment.substr(0, 80),
            "key=value, as optimizer.lr=1e-4");
    const std::string key = utf8Text(assignment.substr(0, equals), "key");
    const std::string value = utf8Text(assignment.substr(equals + 1), "value");
    const std::string json = Json::accept(value) ? value : Json(value).dump();
    RunStore store = openStore(arguments, RunStore::Mode::ReadWrite);
    const RunInfo run = store.find(arguments.positionals[0]);
    store.transaction([&] {
        const auto waiting = store.queuedSteering(run.id);
        store.queueSteering(run.id, key, json); // throws when nobody would take it
        train::checkSteering(
            train::parseRunFile(base::parseJson(run.runFile, run.name), run.name, {}),
            store.events(run.id), waiting, key, json);
    });
    return done(arguments, run,
        key + " = " + value
            + ", queued: the trainer looks between two steps, at most four times a second");
}

Command subcommand(const std::string& name, const std::string& positionals, int count,
    const std::string& summary, int (*run)(const Arguments&), const std::string& description = "")
{
    Command command;
    command.name = name;
    command.summary = summary;
    command.positionals = positionals;
    command.leastPositionals = command.mostPositionals = count;
    command.options = {storeOption(), jsonOption(), quietOption()};
    command.description = description;
    command.run = run;
    return command;
}

} // namespace

Command runsCommand()
{
    const std::string runMeaning = "RUN is an id, a name (its newest run), or last. ";
    Command exporting = subcommand("export", "RUN", 1, "Writes a run's record for other programs",
        exportTo,
        runMeaning
            + "jsonl and csv write a file, tensorboard a folder. Tags and columns are the JSONL's "
              "keys; in CSV a layer's load takes a column an expert, layers/0/load/0 and on, in "
              "TensorBoard it is a histogram whose bucket e is expert e.");
    exporting.options.push_back({"--format", "F", "jsonl, csv or tensorboard", true});
    exporting.options.push_back({"--out", "PATH", "the file, or for tensorboard the folder", true});
    Command importing = subcommand("import", "PATH…", 1, "Takes in the records of other programs",
        importFrom,
        "PATH is a TensorBoard event file or a folder of them, JSONL or CSV as moe runs export "
        "writes them, a trackio database, or Megatron's tokens_per_expert folder, whose ranks are "
        "taken as holding disjoint experts in their order. All of it comes in, or nothing.");
    importing.mostPositionals = -1;

    Command command;
    command.name = "runs";
    command.summary = "Lists, shows, exports and imports the records of runs";
    command.subcommands = {
        subcommand("list", "", 0, "Lists the runs, the newest first", list),
        subcommand("show", "RUN", 1, "Shows one run and its events", show, runMeaning),
        subcommand("rename", "RUN NAME", 2, "Gives a run another name", rename, runMeaning),
        subcommand("tag", "RUN TAGS", 2, "Sets a run's tags, separated by commas", tag, runMeaning),
        subcommand("note", "RUN TEXT", 2, "Sets a run's notes", note, runMeaning),
        subcommand("delete", "RUN", 1, "Deletes a run that is not running", remove, runMeaning),
        exporting,
        importing,
        subcommand("steer", "RUN KEY=VALUE", 2, "Changes a value of a live run", steer,
            runMeaning
                + "The trainer applies it between two steps and records it as an event: "
                  "optimizer.lr, moe.aux_coeff and below, moe.capacity_factor."),
    };
    return command;
}

} // namespace moe::cli
