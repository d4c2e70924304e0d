// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/train/run_file.h"

#include <filesystem>
#include <string>

namespace moe::train {

/// Tells one indexed dataset from another without reading all of it: a sum over the whole .idx, the
/// size of the .bin, and 64 blocks of 4 KiB spread evenly over it, as 16 hexadecimal digits. Throws
/// when PREFIX.idx or PREFIX.bin cannot be read.
std::string dataFingerprint(const std::filesystem::path& prefix);

/// Those of a run's datasets and probe texts (whole): {"train": …, "valid": …, "probes": […]}.
base::Json dataFingerprints(const RunFile& file);

} // namespace moe::train
