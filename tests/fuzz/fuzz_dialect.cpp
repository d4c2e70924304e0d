// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a config.json with a quantization_config: a moe::Error, or a dialect that knows of
// each module whether it is quantised. Its regular expressions come from the file, too.
#include "engine/base/log.h"
#include "engine/checkpoint/dialect.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace moe;
    base::setLogSink([](base::LogLevel, const std::string&) {});
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        const checkpoint::Dialect dialect
            = checkpoint::readDialect(base::parseJson(text, "config.json"), "/nowhere");
        for (const char* module : {"lm_head", "model.layers.12.mlp.experts.3.gate_proj", ""}) {
            const checkpoint::QuantGroup* group = dialect.groupOf(module);
            if (group && (group->blockOut < 1 || group->blockIn < 1))
                std::abort();
        }
    } catch (const Error&) {
    }
    return 0;
}
