// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/telemetry/levels.h"
#include "engine/telemetry/run_store.h"
#include "engine/telemetry/sqlite.h"

#include <map>
#include <set>
#include <utility>

namespace moe::telemetry {

/// The scalars that a run is known to have: spares a look into the keys table for every value.
struct RunKeys {
    std::set<std::pair<int32_t, int>> known; ///< (layer, id)
    std::map<std::string, int, std::less<>> extraIds;
};

/// Shared by run_store.cpp (the runs), store_write.cpp and store_read.cpp.
struct RunStore::Impl {
    Impl(const std::filesystem::path& path, Database::Mode mode);

    Database database;
    std::map<int64_t, RunKeys> keys; ///< of the runs written to

    RunKeys& keysOf(int64_t run);
    /// -1 without steps. Throws when there is no such run.
    int64_t lastStep(int64_t run) const;
};

double now(); ///< seconds since the epoch

} // namespace moe::telemetry
