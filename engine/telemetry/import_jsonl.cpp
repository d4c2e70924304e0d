// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/importers.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::telemetry {

std::vector<int64_t> importJsonl(RunStore& store, const std::filesystem::path& file)
{
    const int64_t run = store.createRun(presentableName(file.stem().string()), "", 0, "jsonl");
    std::vector<MessagePtr> batch;
    forEachLine(file, [&](std::string_view line, const std::string& where) {
        batch.push_back(
            std::make_shared<const Message>(stepFromJson(base::parseJson(line, where), where)));
        if (batch.size() == kStepsAtOnce) {
            store.append(run, batch);
            batch.clear();
        }
    });
    store.append(run, batch);
    return {run};
}

} // namespace moe::telemetry
