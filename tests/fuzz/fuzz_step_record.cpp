// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a line of an imported .jsonl: a moe::Error, or a record that survives being written
// and read again.
#include "engine/telemetry/record.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace moe;
    telemetry::StepRecord record;
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        record = telemetry::stepFromJson(base::parseJson(text, "line 1"), "line 1");
    } catch (const Error&) {
        return 0;
    }
    const std::string written = telemetry::toJson(record).dump();
    const telemetry::StepRecord again
        = telemetry::stepFromJson(base::parseJson(written, "written"), "written");
    if (telemetry::toJson(again).dump() != written)
        std::abort();
    return 0;
}
