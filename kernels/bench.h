// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <string>
#include <vector>

namespace moe::kernels {

/// A model's training step as the kernels see it.
struct BenchShape {
    std::string name;
    int64_t hidden, ffn, layers, heads, headDim, vocabulary;
    int64_t experts = 16, topK = 2, sequence = 256, sequences = 8;
    double capacityFactor = 1.25;

    int64_t tokens() const { return sequence * sequences; }
};
BenchShape smallBenchShape();
BenchShape midBenchShape();

/// One operation at a shape: the best of a few calls.
struct BenchResult {
    std::string operation;
    double seconds = 0; ///< of one call
    double operations = 0; ///< of its products, 2 a multiply-add; 0: it moves memory
    double bytes = 0; ///< that have to come from or go to memory at least
    int64_t callsPerStep = 1;
};

/// Every operation of a training step in `act`, on random values; `repeats` calls of each.
std::vector<BenchResult> benchKernels(
    Backend& backend, const BenchShape& shape, DType act, int repeats);
/// Seconds of a whole step when each call takes its best time.
double stepSeconds(const std::vector<BenchResult>& results);

} // namespace moe::kernels
