// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a run file: a moe::Error, or a run that survives being written and read again.
#include "engine/base/log.h"
#include "engine/train/run_file.h"
#include "kernels/error.h"
#include "tests/fuzz/memory_file.h"

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace moe;
    static const fuzz::ScratchFolder folder; // what paths are relative to
    base::setLogSink([](base::LogLevel, const std::string&) {});
    train::RunFile run;
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        run = train::parseRunFile(base::parseJson(text, "run.json"), "run.json", folder.path());
    } catch (const Error&) {
        return 0;
    }
    const base::Json resolved = base::parseJson(run.resolved, "resolved");
    if (train::parseRunFile(resolved, "resolved", folder.path()).resolved != run.resolved)
        std::abort();
    return 0;
}
