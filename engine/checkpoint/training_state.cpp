// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/stored_shape.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <cstring>

namespace moe::checkpoint {

namespace {

using base::Json;

constexpr const char* kSchema = "moe-training-state/1";
constexpr std::array<const char*, 3> kBuffers{"masters", "m", "v"};

constexpr const char* kChecksum = "checksum"; ///< of all else in state.json
constexpr double kLargestAlpha = 1e6; ///< as the run file's own limit

std::filesystem::path folderOf(const std::filesystem::path& step)
{
    return step / "training-state";
}

std::filesystem::path fileOf(const std::filesystem::path& step, const char* buffer)
{
    return folderOf(step) / (std::string(buffer) + ".safetensors");
}

/// Over 8-byte words (FNV-1a's step): each change of one word changes the sum for certain, which
/// is what a damaged disk block needs. Goes on from `sum`.
uint64_t checksum(std::span<const std::byte> bytes, uint64_t sum)
{
    for (size_t at = 0; at < bytes.size(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, std::min<size_t>(8, bytes.size() - at));
        sum = (sum ^ word) * 0x100000001B3ULL;
    }
    return sum;
}

constexpr uint64_t kNothingSummed = 0xCBF29CE484222325ULL;

std::string sumText(uint64_t sum)
{
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(sum));
    return text.data();
}

/// Of everything in state.json but the checksum itself, however it is laid out.
std::string checksumOf(Json json)
{
    json.erase(kChecksum);
    const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return sumText(checksum(std::as_bytes(std::span(text)), kNothingSummed));
}

std::string checksumOf(const model::ParameterLayout& layout, const float* buffer)
{
    uint64_t sum = kNothingSummed;
    for (const model::Parameter& parameter : layout.parameters) {
        const auto elements = static_cast<size_t>(parameter.shape.elements());
        sum = checksum(std::as_bytes(std::span(buffer + parameter.offset, elements)), sum);
    }
    return sumText(sum);
}

void writeBuffer(
    const std::filesystem::path& file, const model::ParameterLayout& layout, const float* buffer)
{
    std::vector<TensorToWrite> tensors;
    for (const model::Parameter& parameter : layout.parameters) {
        const int64_t elements = parameter.shape.elements();
        tensors.push_back({parameter.name, StoredType::F32, storedShape(parameter.shape),
            std::as_bytes(std::span(buffer + parameter.offset, static_cast<size_t>(elements)))});
    }
    writeSafetensors(file, tensors, {{"format", "pt"}});
}

void readBuffer(
    const std::filesystem::path& file, const model::ParameterLayout& layout, float* buffer)
{
    const SafetensorsFile stored(file);
    std::fill_n(buffer, layout.elements, 0.0F);
    if (stored.tensors().size() != layout.parameters.size())
        throw Error(std::to_string(stored.tensors().size()) + " tensors", file.string(),
            "the run's model has " + std::to_string(layout.parameters.size()));
    for (const model::Parameter& parameter : layout.parameters) {
        const auto found = stored.tensors().find(parameter.name);
        if (found == stored.tensors().end())
            throw Error("tensor " + parameter.name + " is missing", file.string(),
                "the run file's model must be the one that was trained");
        const StoredTensor& tensor = found->second;
        if (tensor.type != StoredType::F32 || tensor.elements() != parameter.shape.elements())
            throw Error("another size or dtype", file.string() + ": " + parameter.name,
                "float32 of shape " + parameter.shape.text());
        tensor.toFloat32(buffer + parameter.offset);
    }
}

struct StateFile {
    TrainingState state;
    std::array<std::string, 3> checksums;
};

/// Training states of older versions have no checksum.
void requireUndamaged(const Json& json, const std::filesystem::path& file)
{
    if (json.is_object() && json.contains(kChecksum) && json[kChecksum] != checksumOf(json))
        throw Error("the checksum is wrong", file.string(), "copy it again");
}

/// A folder that was renamed, or a number that changed in a state without a checksum.
void requireStepOf(
    const std::filesystem::path& step, int64_t number, const std::filesystem::path& file)
{
    const std::string name = step.filename().string();
    if (name.starts_with("step-") && name != stepFolder({}, number).string())
        throw Error("it is of step " + std::to_string(number), file.string(),
            "the state of the step that its folder is named after, " + name);
}

double readAlpha(const Json& value, const std::string& at)
{
    const double alpha = value.is_number() ? value.get<double>() : -1;
    if (!(alpha >= 0 && alpha <= kLargestAlpha))
        throw Error(
            "not an aux-loss coefficient", at, "one number from 0 to 1000000 for each MoE layer");
    return alpha;
}

StateFile readStateFile(const std::filesystem::path& step)
{
    const std::filesystem::path file = folderOf(step) / "state.json";
    const Json json = base::readJsonFile(file);
    requireUndamaged(json, file);
    base::ObjectReader reader(json, file.string());
    reader.choice("schema", {kSchema}, "");
    StateFile read;
    read.state.step = reader.integer("step", 0, INT64_MAX);
    requireStepOf(step, read.state.step, file);
    read.state.tokens = reader.integer("tokens", 0, INT64_MAX);
    read.state.run = reader.integer("run", 0, INT64_MAX);
    const Json* alpha = reader.raw("alpha");
    if (!alpha || !alpha->is_array())
        throw Error("alpha is no list", reader.at("alpha"), "one number for each MoE layer");
    for (const Json& value : *alpha)
        read.state.alpha.push_back(readAlpha(value, reader.at("alpha")));
    for (auto [key, text] : {std::pair("run_file", &read.state.runFile),
             std::pair("steered", &read.state.steered), std::pair("extra", &read.state.extra)}) {
        reader.object(key); // throws unless it is one
        *text = reader.raw(key)->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    base::ObjectReader sums = reader.object("checksums");
    for (size_t i = 0; i < kBuffers.size(); ++i)
        read.checksums[i] = sums.text(kBuffers[i]);
    return read;
}

/// Runs `read`, and tells how to go on when the folder turns out to be damaged.
template <typename Read> auto orNameRemedy(const std::filesystem::path& step, const Read& read)
{
    try {
        return read();
    } catch (const Error& error) {
        throw Error(error.problem(), error.place(),
            error.remedy() + "; or remove the folder " + step.string()
                + " to go on from the checkpoint before it");
    }
}

} // namespace

void saveTrainingState(const std::filesystem::path& stepFolder,
    const model::ParameterLayout& layout, const TrainingState& state, const float* master,
    const float* m, const float* v)
{
    std::error_code failed;
    std::filesystem::create_directory(folderOf(stepFolder), failed);
    if (failed)
        throw Error("cannot make the folder", folderOf(stepFolder).string(),
            "check the path, its permissions and the space left");
    Json sums = Json::object();
    const std::array<const float*, 3> buffers{master, m, v};
    for (size_t i = 0; i < kBuffers.size(); ++i) {
        writeBuffer(fileOf(stepFolder, kBuffers[i]), layout, buffers[i]);
        sums[kBuffers[i]] = checksumOf(layout, buffers[i]);
    }
    Json json{{"schema", kSchema}, {"step", state.step}, {"tokens", state.tokens},
        {"run", state.run}, {"alpha", state.alpha}};
    json["run_file"] = base::parseJson(state.runFile, "run file");
    json["steered"] = base::parseJson(state.steered, "steered values");
    json["extra"] = base::parseJson(state.extra, "trainer state");
    json["checksums"] = sums;
    json[kChecksum] = checksumOf(json);
    base::writeFileAtomically(folderOf(stepFolder) / "state.json", json.dump(2) + "\n");
}

TrainingState loadTrainingState(const std::filesystem::path& stepFolder,
    const model::ParameterLayout& layout, float* master, float* m, float* v)
{
    return orNameRemedy(stepFolder, [&] {
        StateFile read = readStateFile(stepFolder);
        const std::array<float*, 3> buffers{master, m, v};
        for (size_t i = 0; i < kBuffers.size(); ++i) {
            const std::filesystem::path file = fileOf(stepFolder, kBuffers[i]);
            readBuffer(file, layout, buffers[i]);
            if (checksumOf(layout, buffers[i]) != read.checksums[i])
                throw Error("the checksum is wrong", file.string(), "copy it again");
        }
        return read.state;
    });
}

TrainingState readTrainingState(const std::filesystem::path& stepFolder)
{
    return orNameRemedy(stepFolder, [&] { return readStateFile(stepFolder).state; });
}

} // namespace moe::checkpoint
