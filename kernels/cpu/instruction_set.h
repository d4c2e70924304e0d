// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <memory>
#include <vector>

namespace moe::kernels::cpu {

/// The instruction sets that the operations are compiled for, best first.
enum class InstructionSet : uint8_t { Avx512Bf16, Avx512, Avx2, Portable };

const char* nameOf(InstructionSet set);
/// Those that this processor has, best first; Portable is always there.
std::vector<InstructionSet> availableSets();
/// The backend for one of them (makeCpuBackend takes the best).
std::unique_ptr<Backend> makeBackend(InstructionSet set, int threads);

} // namespace moe::kernels::cpu
