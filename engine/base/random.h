// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace moe::base {

/// xoshiro256** seeded by splitmix64: small, fast, the same on every machine. State is copyable.
class Random {
public:
    explicit Random(uint64_t seed);
    uint64_t next();
    double uniform(); ///< [0, 1)
    double normal(); ///< mean 0, variance 1 (Box–Muller, both values used)
    uint64_t below(uint64_t bound); ///< [0, bound), unbiased

private:
    uint64_t m_state[4];
    double m_spare = 0;
    bool m_hasSpare = false;
};

/// A seed of its own for each named stream ("weights", "shuffle") of one run's seed.
uint64_t streamSeed(uint64_t seed, const char* name, uint64_t index = 0);

} // namespace moe::base
