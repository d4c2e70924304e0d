// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace moe::tests {

/// The environment's MOE_TEST_SEED, or a fresh one; print it, so that a failure can be repeated.
inline uint64_t testSeed()
{
    if (const char* given = std::getenv("MOE_TEST_SEED"))
        return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

} // namespace moe::tests
