// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <memory>
#include <string>

namespace moe::kernels {

/// More than any machine has; --threads takes from 0 (all cores) up to it.
inline constexpr int kMostThreads = 1024;

/// Throws moe::Error for a device that is not there, naming those that are, and UsageError for what
/// is no device's name: "cpu", "cuda" or "cuda:I".
void checkDevice(const std::string& name);
/// The fast backend of a device that checkDevice() lets pass. `threads` as for makeCpuBackend().
std::unique_ptr<Backend> makeBackend(const std::string& device, int threads = 0);

} // namespace moe::kernels
