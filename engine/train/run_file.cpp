// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/run_file.h"

#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/model/activations.h"
#include "engine/telemetry/run_store.h"
#include "engine/train/run_file_parts.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace moe::train {

using base::Json;
using base::ObjectReader;

namespace {

constexpr int64_t kMostSteps = INT64_C(1) << 40;
constexpr int64_t kMostTokens = std::numeric_limits<int32_t>::max();
constexpr double kHuge = 1e30;
constexpr double kMostInAll = 1e18; ///< tokens of a run, bytes of training
constexpr int64_t kMostBytes = INT64_C(64) << 20; ///< of a run file

const Json kEmptyObject = Json::object();

/// Where the keys of a run file come from while it is read.
struct Source {
    std::string where;
    std::filesystem::path folder;

    std::filesystem::path absolute(const std::string& path) const
    {
        return std::filesystem::absolute(folder / path).lexically_normal();
    }
};

/// The known key nearest to a misspelt one, wherever in the file it belongs: by its last part or as
/// a whole, its own section first.
std::string nearestKey(std::string key)
{
    constexpr double kOtherSection = 0.1;
    constexpr std::string_view kLongRate = "learning_rate"; // as others call it
    if (const size_t at = key.find(kLongRate); at != std::string::npos)
        key.replace(at, kLongRate.size(), "lr");
    const auto sectionOf = [](const std::string& dotted) {
        return dotted.substr(0, dotted.find('.') + 1); // "" at the top
    };
    const auto distance = [&](const std::string& known) {
        const double whole = base::wordDistance(key, known);
        const double last = base::wordDistance(
            key.substr(key.rfind('.') + 1), known.substr(known.rfind('.') + 1));
        return std::min(whole, last) + (sectionOf(key) == sectionOf(known) ? 0 : kOtherSection);
    };
    std::string nearest;
    double least = std::numeric_limits<double>::infinity();
    const auto consider = [&](const std::string& known) {
        if (const double now = distance(known); now < least) {
            least = now;
            nearest = known;
        }
    };
    for (const RunFileKey& known : runFileKeys()) {
        consider(known.key);
        if (const size_t dot = known.key.find('.'); dot != std::string::npos)
            consider(known.key.substr(0, dot));
    }
    return nearest;
}

void refuseUnknown(const ObjectReader& reader, const std::string& section)
{
    for (const std::string& key : reader.unknown())
        throw Error("unknown key", reader.at(key.substr(0, 80)),
            "did you mean " + nearestKey(section + key.substr(0, 80)) + "?");
}

/// Refuses unknown keys before anything is read, so that a misspelt required key is reported as
/// what it is. A section may be absent or null.
ObjectReader section(ObjectReader& root, const std::string& name, const Source& source)
{
    ObjectReader reader(root.has(name) ? *root.raw(name) : kEmptyObject, source.where, name);
    for (const RunFileKey& key : runFileKeys()) {
        if (key.key.starts_with(name + "."))
            reader.know(key.key.substr(name.size() + 1));
    }
    refuseUnknown(reader, name + ".");
    return reader;
}

void knowRootKeys(ObjectReader& root)
{
    for (const RunFileKey& key : runFileKeys())
        root.know(key.key.substr(0, key.key.find('.')));
    refuseUnknown(root, "");
}

std::filesystem::path requiredPath(
    ObjectReader& reader, const std::string& key, const Source& source)
{
    const std::string text = reader.text(key);
    if (text.empty())
        throw Error("empty path", reader.at(key), "name a file or folder");
    if (std::any_of(text.begin(), text.end(),
            [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; }))
        throw Error("a control character in the path", reader.at(key), "name a file or folder");
    return source.absolute(text);
}

std::optional<std::filesystem::path> optionalPath(
    ObjectReader& reader, const std::string& key, const Source& source)
{
    if (!reader.has(key))
        return std::nullopt;
    return requiredPath(reader, key, source);
}

void parseModel(ObjectReader& root, const Source& source, RunFile& file)
{
    const Json* model = root.raw("model");
    if (model && model->is_object())
        file.model = model::parseConfig(*model, root.at("model"), model::UnknownKeys::Refuse);
    else
        file.model = model::readConfig(requiredPath(root, "model", source));
    model::requireTrainable(file.model, root.at("model"));
}

void parseInit(ObjectReader& root, const Source& source, RunFile& file)
{
    ObjectReader init = section(root, "init", source);
    file.initFrom = optionalPath(init, "from", source);
    if (file.initFrom && (init.has("seed") || init.has("std")))
        throw Error("init has both a checkpoint and a random start", root.at("init"),
            "keep either \"from\" or \"seed\" and \"std\"");
    file.initSeed = init.has("seed")
        ? static_cast<uint64_t>(init.integer("seed", 0, std::numeric_limits<int64_t>::max()))
        : file.seed;
    file.initStd = init.has("std") ? init.number("std", 0, 100) : 0.02;
}

void parseData(ObjectReader& root, const Source& source, RunFile& file)
{
    if (!root.has("data"))
        throw Error("missing key", root.at("data"), "add {\"train\": \"PREFIX\"}");
    ObjectReader data = section(root, "data", source);
    file.trainData = requiredPath(data, "train", source);
    file.validData = optionalPath(data, "valid", source);
    file.shuffled = data.choice("order", {"sequential", "shuffled"}, "sequential") == "shuffled";
    if (!data.has("probes"))
        return;
    const Json& probes = *data.raw("probes");
    if (!probes.is_array())
        throw Error("expected a list", data.at("probes"),
            "write [{\"name\": \"English\", \"file\": \"english.txt\"}, …]");
    for (size_t i = 0; i < probes.size(); ++i) {
        ObjectReader probe(probes[i], source.where, "data.probes[" + std::to_string(i) + "]");
        probe.know("name");
        probe.know("file");
        probe.finish();
        file.probes.push_back({probe.text("name"), requiredPath(probe, "file", source)});
        for (size_t j = 0; j < i; ++j) {
            if (file.probes[j].name == file.probes[i].name)
                throw Error("two probes of one name", probe.at("name"), "name each differently");
        }
    }
}

void parseOptimizer(ObjectReader& root, const Source& source, RunFile& file)
{
    ObjectReader reader = section(root, "optimizer", source);
    OptimizerSettings& to = file.optimizer;
    reader.choice("name", {"adamw"}, "adamw");
    to.lr = reader.number("lr", 0, 1000, to.lr);
    to.minLr = reader.has("min_lr") ? reader.number("min_lr", 0, 1000) : to.lr / 10;
    to.warmupSteps = reader.integer("warmup_steps", 0, kMostSteps, 0);
    if (to.warmupSteps >= file.trainSteps)
        throw Error("warmup does not end within the run", reader.at("warmup_steps"),
            "fewer than the " + std::to_string(file.trainSteps) + " of train_steps");
    to.schedule = reader.choice("schedule", {"cosine", "linear", "constant", "wsd"}, "cosine");
    to.decaySteps = reader.has("decay_steps") ? reader.integer("decay_steps", 1, kMostSteps) : 0;
    const int64_t afterWarmup = file.trainSteps - to.warmupSteps;
    if (to.schedule == "wsd" && to.decaySteps > afterWarmup)
        throw Error("the decay begins before warmup has ended", reader.at("decay_steps"),
            "at most the " + std::to_string(afterWarmup) + " of train_steps - warmup_steps");
    // The update multiplies float32 moments: what rounds to 1 there would divide by 1 - 1.
    const double belowOne = std::nextafter(1.0F, 0.0F);
    to.beta1 = reader.number("beta1", 0, belowOne, to.beta1);
    to.beta2 = reader.number("beta2", 0, belowOne, to.beta2);
    to.eps = reader.number("eps", 1e-30, 1, to.eps);
    to.weightDecay = reader.number("weight_decay", 0, 1000, to.weightDecay);
    if (const Json* clip = reader.raw("clip_grad"); clip && clip->is_null())
        to.clipGrad = std::numeric_limits<double>::infinity();
    else
        to.clipGrad = reader.number("clip_grad", 1e-30, kHuge, to.clipGrad);
    to.expertLrScale = reader.number("expert_lr_scale", 0, 1000, to.expertLrScale);
}

void parseMoe(ObjectReader& root, const Source& source, RunFile& file)
{
    ObjectReader reader = section(root, "moe", source);
    MoeSettings& to = file.moe;
    if (const Json* factor = reader.raw("capacity_factor"); factor && factor->is_null())
        to.capacityFactor = std::nullopt;
    else
        to.capacityFactor = reader.number("capacity_factor", 1e-6, 1e6, 1.25);
    to.dropPolicy = reader.choice("drop_policy", {"probs", "position"}, "probs") == "probs"
        ? kernels::DropPolicy::Probs
        : kernels::DropPolicy::Position;
    const std::string aux = reader.choice("aux_loss", {"skywork", "switch", "none"}, "skywork");
    to.auxLoss = aux == "skywork" ? kernels::AuxLoss::Skywork
        : aux == "switch"         ? kernels::AuxLoss::Switch
                                  : kernels::AuxLoss::None;
    if (const Json* coefficient = reader.raw("aux_coeff"))
        to.auxCoefficient = parseAuxCoefficient(
            *coefficient, source.where, "moe.aux_coeff", file.model.moeLayers());
    to.zLossCoefficient = reader.number("z_loss_coeff", 0, 1e6, 0);
}

[[noreturn]] void notThereYet(const std::string& what, const std::string& at, const char* instead)
{
    throw Error(what + " is not there yet", at, instead);
}

void parseParallel(ObjectReader& root, const Source& source, RunFile& file)
{
    ObjectReader reader = section(root, "parallel", source);
    ParallelSettings& to = file.parallel;
    to.tensor = reader.integer("tensor", 1, 1 << 20, 1);
    if (to.tensor > 1)
        notThereYet("tensor parallelism", reader.at("tensor"), "write 1");
    to.pipeline = reader.integer("pipeline", 1, 1 << 20, 1);
    if (to.pipeline > 1)
        notThereYet("pipeline parallelism", reader.at("pipeline"), "write 1");
    to.expertScheme = reader.text("expert_scheme", "edp");
    if (to.expertScheme != "edp")
        notThereYet("expert scheme \"" + to.expertScheme.substr(0, 40) + "\"",
            reader.at("expert_scheme"), "write \"edp\"");
    if (reader.has("plan"))
        notThereYet("training by a plan file", reader.at("plan"), "write null");
    const Json* recompute = reader.raw("recompute");
    if (recompute && *recompute != Json(0))
        notThereYet("recompute", reader.at("recompute"), "write 0");
    to.data = reader.integer("data", 1, 1024, 1);
    to.zero = reader.integer("zero", 0, 1, 1);
}

void parseCheckpoint(ObjectReader& root, const Source& source, RunFile& file)
{
    if (!root.has("checkpoint"))
        return;
    ObjectReader reader = section(root, "checkpoint", source);
    if (reader.raw("dir") && !reader.has("dir"))
        return;
    file.checkpointDir = requiredPath(reader, "dir", source);
    file.checkpointEvery = reader.integer("every", 0, kMostSteps, 100);
    file.keep = reader.integer("keep", 1, kMostSteps, 2);
}

void parseSizes(ObjectReader& root, RunFile& file)
{
    file.sequenceLength = root.integer("sequence_length", 1, 1 << 20, 256);
    file.microBatchSize = root.integer("micro_batch_size", 1, 1 << 20, 4);
    file.globalBatchSize = root.integer("global_batch_size", 1, INT64_C(1) << 31, 16);
    file.trainSteps = root.integer("train_steps", 1, kMostSteps, 1000);
    file.validEvery = root.integer("valid_every", 1, kMostSteps, 100);
    file.seed
        = static_cast<uint64_t>(root.integer("seed", 0, std::numeric_limits<int64_t>::max(), 1));
    file.precision = root.choice("precision", {"float32", "bfloat16"}, "float32") == "float32"
        ? kernels::DType::Float32
        : kernels::DType::BFloat16;
}

void checkSizes(const ObjectReader& root, const RunFile& file)
{
    const int64_t chosen = file.model.isMoe() ? file.model.topK : 1;
    if (file.microBatchSize > kMostTokens / (file.sequenceLength * chosen))
        throw Error("a microbatch has too many tokens", root.at("micro_batch_size"),
            "at most " + std::to_string(kMostTokens / (file.sequenceLength * chosen))
                + " sequences of this length");
    // Every count of tokens and bytes then fits 64 bits, and no machine has as much.
    const double perStep = static_cast<double>(file.globalBatchSize * file.sequenceLength);
    if (perStep * static_cast<double>(file.trainSteps) > kMostInAll)
        throw Error("the run sees more than 10^18 tokens", root.at("train_steps"),
            "fewer steps, or a smaller global_batch_size");
    const auto activations = static_cast<double>(model::activationBytes(
        file.model, file.precision, {file.microBatchSize, file.sequenceLength}));
    const double weights = 20 * static_cast<double>(file.model.parameters());
    if (static_cast<double>(file.parallel.data) * (activations + weights) > kMostInAll)
        throw Error("training takes more than 10^18 bytes of memory", root.at("micro_batch_size"),
            "a smaller model, micro_batch_size, sequence_length or parallel.data");
    const int64_t atOnce = file.microBatchSize * file.parallel.data;
    if (file.globalBatchSize % atOnce != 0)
        throw Error("the global batch does not divide into microbatches",
            root.at("global_batch_size"),
            "a multiple of micro_batch_size × parallel.data, " + std::to_string(atOnce));
    if (file.sequenceLength > file.model.maxPositions)
        throw Error("sequences are longer than the model's positions", root.at("sequence_length"),
            "at most max_position_embeddings, " + std::to_string(file.model.maxPositions));
}

std::string nameFrom(const std::string& where)
{
    const std::string stem = std::filesystem::path(where).stem().string();
    return stem.empty() ? "run" : telemetry::presentableName(stem);
}

} // namespace

RunFile parseRunFile(
    const Json& json, const std::string& where, const std::filesystem::path& folder)
{
    const Source source{where, folder};
    ObjectReader root(json, where);
    knowRootKeys(root);
    RunFile file;
    file.folder = folder;
    file.name = root.text("name", "");
    telemetry::checkRunText(file.name, root.at("name"));
    if (file.name.empty())
        file.name = nameFrom(where);
    parseSizes(root, file);
    parseModel(root, source, file);
    parseInit(root, source, file);
    parseData(root, source, file);
    parseOptimizer(root, source, file);
    parseMoe(root, source, file);
    parseParallel(root, source, file);
    parseCheckpoint(root, source, file);
    checkSizes(root, file);
    // A folder's name may be no UTF-8; that is no reason to fail.
    file.resolved = resolvedJson(file).dump(-1, ' ', false, Json::error_handler_t::replace);
    return file;
}

RunFile readRunFile(const std::filesystem::path& path, const std::vector<std::string>& sets)
{
    Json json = base::parseHandwrittenJson(base::readFile(path, kMostBytes), path.string());
    for (const std::string& assignment : sets)
        applySet(json, assignment);
    return parseRunFile(json, path.string(), std::filesystem::absolute(path).parent_path());
}

void applySet(Json& json, const std::string& assignment)
{
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
        throw UsageError(
            "not an assignment", "--set " + assignment.substr(0, 80), "write key=value");
    const std::string key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
    Json* at = &json;
    size_t begin = 0;
    while (true) {
        const size_t dot = key.find('.', begin);
        if (at->is_null())
            *at = Json::object();
        if (!at->is_object())
            throw UsageError("not an object", "--set " + key, "only objects have keys below them");
        at = &(*at)[key.substr(begin, dot == std::string::npos ? dot : dot - begin)];
        if (dot == std::string::npos)
            break;
        begin = dot + 1;
    }
    try {
        *at = base::parseJson(text, "--set " + key);
    } catch (const Error&) {
        *at = text;
        return;
    }
    base::parseHandwrittenJson(text, "--set " + key);
}

} // namespace moe::train
