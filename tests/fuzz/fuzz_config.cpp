// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a config.json: a moe::Error, or a configuration that survives being written and
// read again.
#include "engine/base/log.h"
#include "engine/model/config.h"
#include "engine/model/parameters.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace moe;
    base::setLogSink([](base::LogLevel, const std::string&) {});
    model::ModelConfig config;
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        config = model::parseConfig(base::parseJson(text, "config.json"), "config.json");
    } catch (const Error&) {
        return 0;
    }
    if (!model::beyondTraining(config).empty()) // only what trains is written
        return 0;
    const base::Json written = model::toJson(config);
    if (model::toJson(model::parseConfig(written, "written")) != written)
        std::abort();
    const bool small = config.layers * (config.experts + 1) < 1000;
    if (small && model::ParameterLayout(config).elements < config.parameters())
        std::abort();
    return 0;
}
