// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

namespace moe::kernels {

/// The fast backend on host memory. `threads` counts the calling one; 0: as many as the machine has
/// cores for this process. Throws when the processor lacks AVX2 and FMA only if no portable path
/// exists.
std::unique_ptr<Backend> makeCpuBackend(int threads = 0);

/// Cores this process may use (the affinity mask).
int availableCores();

} // namespace moe::kernels
