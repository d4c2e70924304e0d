// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moe::cli {

/// This machine as Linux describes it.
struct Machine {
    std::string processor; ///< "AMD EPYC 9B14", or "unknown"
    std::vector<std::string> instructionSets; ///< those that our kernels have paths for
    int64_t memoryBytes = 0, freeMemoryBytes = 0; ///< free: what can be had without swapping
};
Machine describeMachine();

} // namespace moe::cli
