// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The rotary embedding of a config.json, in the forms of transformers 4 and 5.
#include "engine/model/config_reading.h"
#include "kernels/error.h"

namespace moe::model {

namespace {

using base::ObjectReader;

void readLlama3(ObjectReader& rope, RopeScaling& scaling)
{
    scaling.lowFreqFactor = rope.number("low_freq_factor", 1e-6, 1e6);
    scaling.highFreqFactor = rope.number("high_freq_factor", 1e-6, 1e6);
    if (scaling.highFreqFactor <= scaling.lowFreqFactor)
        throw Error("high_freq_factor is not above low_freq_factor", rope.at("high_freq_factor"),
            "make it larger");
}

void readYarn(ObjectReader& rope, RopeScaling& scaling)
{
    scaling.betaFast = numberOr(rope, "beta_fast", 1e-3, 1e6, 32);
    scaling.betaSlow = numberOr(rope, "beta_slow", 1e-3, 1e6, 1);
    scaling.mscale = numberOr(rope, "mscale", 0, 1e3, 0);
    scaling.mscaleAllDim = numberOr(rope, "mscale_all_dim", 0, 1e3, 0);
    scaling.attentionFactor = numberOr(rope, "attention_factor", 1e-6, 1e6, 0);
    scaling.truncate = booleanOr(rope, "truncate", true);
}

RopeScaling readRopeScaling(ObjectReader& rope, int64_t maxPositions)
{
    RopeScaling scaling;
    const char* key = rope.has("rope_type") ? "rope_type" : "type";
    rope.know("rope_type");
    rope.know("type");
    scaling.type = rope.has(key) ? rope.text(key) : "default";
    if (scaling.type == "default")
        return scaling;
    if (scaling.type != "linear" && scaling.type != "llama3" && scaling.type != "yarn")
        throw Error("rope type \"" + scaling.type.substr(0, 80) + "\" is not implemented",
            rope.at(key), "one of default, linear, llama3, yarn");
    scaling.factor = rope.number("factor", 1, 1e6);
    if (scaling.type == "linear")
        return scaling;
    scaling.originalMaxPositions
        = integerOr(rope, "original_max_position_embeddings", 1, INT64_C(1) << 30, maxPositions);
    if (scaling.type == "llama3")
        readLlama3(rope, scaling);
    else
        readYarn(rope, scaling);
    return scaling;
}

} // namespace

void readRope(ObjectReader& reader, const Family& family, ModelConfig& config)
{
    config.ropeTheta = numberOr(reader, "rope_theta", 1, 1e12, family.ropeTheta);
    bool given = false;
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (!reader.has(key))
            continue;
        given = true;
        ObjectReader rope = reader.object(key);
        config.ropeScaling = readRopeScaling(rope, config.maxPositions);
        config.ropeTheta = numberOr(rope, "rope_theta", 1, 1e12, config.ropeTheta);
        if (numberOr(rope, "partial_rotary_factor", 0, 1, 1) != 1)
            throw Error("partial_rotary_factor is not implemented",
                rope.at("partial_rotary_factor"), "only 1 is implemented");
        for (const char* same : {"factor", "low_freq_factor", "high_freq_factor",
                 "original_max_position_embeddings", "beta_fast", "beta_slow", "mscale",
                 "mscale_all_dim", "attention_factor", "truncate"})
            rope.know(same);
        rope.finish();
    }
    if (!given && family.name == Family::Name::GptOss) { // its own default
        config.ropeScaling.type = "yarn";
        config.ropeScaling.factor = 32;
        config.ropeScaling.originalMaxPositions = 4096;
        config.ropeScaling.truncate = false;
    }
}

} // namespace moe::model
