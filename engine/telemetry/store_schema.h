// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/sqlite.h"

namespace moe::telemetry {

/// Creates the tables of a new store (runs and conversations), brings an older one up to this
/// version when it may be written, or checks that it can be used. Throws for a file of another
/// program and for a store of a newer version.
void prepareSchema(const Database& database, Database::Mode mode);

} // namespace moe::telemetry
