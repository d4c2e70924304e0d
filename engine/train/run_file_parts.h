// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/train/run_file.h"

namespace moe::train {

/// moe.aux_coeff as the run file writes it. `layers`: MoE layers, which a list must match in
/// length. Keys of the adaptive law that are missing keep the values of `law`. Throws moe::Error
/// naming `where` and `key`.
AuxCoefficient parseAuxCoefficient(const base::Json& json, const std::string& where,
    const std::string& key, int64_t layers, const AdaptiveAux& law = {});
base::Json toJson(const AuxCoefficient& coefficient);

/// The run file with every default written out (RunFile::resolved before it is text).
base::Json resolvedJson(const RunFile& file);

/// The type's name as `precision` writes it.
const char* precisionName(kernels::DType type);

} // namespace moe::train
