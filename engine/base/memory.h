// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace moe::base {

/// Bytes that this process can still take without swapping: what Linux calls available, within the
/// limit of its control group (version 2). Mapped files count as free, since they can be read
/// again.
int64_t availableMemoryBytes();

} // namespace moe::base
