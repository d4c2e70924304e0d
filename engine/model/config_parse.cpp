// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// A Hugging Face config.json into a ModelConfig: what we compute is read, what we do not is refused
// by name, what does not matter is ignored.
#include "engine/base/log.h"
#include "engine/model/config_reading.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::model {

using base::Json;
using base::ObjectReader;

int64_t integerOr(
    ObjectReader& reader, const std::string& key, int64_t least, int64_t most, int64_t fallback)
{
    return reader.has(key) ? reader.integer(key, least, most) : fallback;
}

double numberOr(
    ObjectReader& reader, const std::string& key, double least, double most, double fallback)
{
    return reader.has(key) ? reader.number(key, least, most) : fallback;
}

bool booleanOr(ObjectReader& reader, const std::string& key, bool fallback)
{
    return reader.has(key) ? reader.boolean(key, fallback) : fallback;
}

namespace {

/// Far beyond any model, near enough that no count of parameters or bytes overflows.
constexpr double kMostParameters = 1e15;

void readTokenIds(ObjectReader& reader, ModelConfig& config)
{
    const int64_t most = config.vocabSize - 1;
    // −1 is how some writers say "none".
    if (reader.has("bos_token_id")) {
        const int64_t id = reader.integer("bos_token_id", -1, most);
        if (id >= 0)
            config.bosTokenId = id;
    }
    if (!reader.has("eos_token_id"))
        return;
    const Json& value = *reader.raw("eos_token_id");
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& id : list) {
        const Json one{{"eos_token_id", id}};
        const int64_t number = ObjectReader(one, reader.where()).integer("eos_token_id", -1, most);
        if (number >= 0)
            config.eosTokenIds.push_back(number);
    }
}

/// In doubles, before any product of the claimed sizes is made in integers.
void refuseHuge(const ModelConfig& c, const std::string& where)
{
    const auto d = [](int64_t value) {
        return static_cast<double>(value);
    };
    const AttentionSpec& a = c.attention;
    const double h = d(c.hiddenSize);
    const double latent = d(a.queryRank + a.latentRank + a.ropeDim) * h
        + d(c.heads) * d(a.nopeDim + a.ropeDim + a.valueDim) * d(a.latentRank + a.queryRank);
    const double attention = 2 * d(c.heads + c.kvHeads) * d(c.headDim + a.valueDim) * h + latent;
    const double experts = d(c.experts) * (3 * d(c.expertSize()) + 9 + 8 * d(c.experts)) * h;
    const double ffn = experts + 3 * d(c.intermediateSize + c.moe.sharedSize) * h;
    const double all = d(c.layers) * (attention + ffn) + 2 * d(c.vocabSize) * d(c.hiddenSize);
    if (!(all < kMostParameters))
        throw Error("the sizes make a model of more than 10^15 parameters", where,
            "check hidden_size, intermediate_size, vocab_size, num_hidden_layers and the experts");
}

void warnOfUnknown(const ObjectReader& reader)
{
    std::string list;
    for (const std::string& key : reader.unknown())
        list += (list.empty() ? "" : ", ") + key.substr(0, 80);
    if (!list.empty())
        base::log(base::LogLevel::Warning, reader.where() + ": unknown keys ignored: " + list);
}

} // namespace

ModelConfig parseConfig(const Json& json, const std::string& where, UnknownKeys unknown)
{
    ObjectReader reader(json, where);
    ModelConfig config;
    const Family family = readFamily(reader, config);
    refuseOtherValues(reader, family, config);

    config.vocabSize = reader.integer("vocab_size", 1, INT64_C(1) << 30);
    config.hiddenSize = reader.integer("hidden_size", 1, INT64_C(1) << 24);
    config.intermediateSize = reader.integer("intermediate_size", 1, INT64_C(1) << 28);
    config.layers = reader.integer("num_hidden_layers", 1, 65536);
    config.maxPositions
        = integerOr(reader, "max_position_embeddings", 1, INT64_C(1) << 30, family.maxPositions);
    config.rmsNormEps = numberOr(reader, "rms_norm_eps", 0, 1, family.rmsNormEps);
    config.initializerRange = numberOr(reader, "initializer_range", 0, 1e3, 0.02);
    config.tieWordEmbeddings = booleanOr(reader, "tie_word_embeddings", false);
    readAttention(reader, family, config);
    readRope(reader, family, config);
    readExperts(reader, family, config);
    readTokenIds(reader, config);
    refuseHuge(config, where);

    ignoreWithoutMeaning(reader);
    if (unknown == UnknownKeys::Refuse)
        reader.finish();
    warnOfUnknown(reader);
    return config;
}

ModelConfig readConfig(const std::filesystem::path& fileOrFolder)
{
    std::error_code unreadable;
    const bool folder = std::filesystem::is_directory(fileOrFolder, unreadable);
    const std::filesystem::path file = folder ? fileOrFolder / "config.json" : fileOrFolder;
    return parseConfig(base::readJsonFile(file), file.string());
}

} // namespace moe::model
