// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

namespace moe::kernels {

/// The scalar truth: every operation as its formula reads, accumulated in double, one thread.
/// Tests compare the others with it.
std::unique_ptr<Backend> makeReferenceBackend();

} // namespace moe::kernels
