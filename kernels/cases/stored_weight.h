// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cases/host_array.h"
#include "kernels/inference.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moe::kernels::cases {

/// How a random weight is kept.
struct WeightKind {
    WeightFormat format = WeightFormat::Float32;
    ScaleLayout layout = ScaleLayout::None;
    int64_t blockOut = 128, blockIn = 128;
};

/// Every format of a checkpoint with the scales that it comes with, ragged blocks of the usual and
/// of another size among them.
std::vector<WeightKind> weightKinds();
std::string nameOf(const WeightKind& kind);

/// A matrix as a memory map holds it: rows further apart than they are long, at an odd address.
struct StoredWeight {
    WeightKind kind;
    int64_t out = 0, in = 0, rowBytes = 0, exponentRowBytes = 0;
    std::vector<std::byte> memory;
    std::vector<float> scales;
    std::vector<uint8_t> exponents;

    StoredMatrix matrix() const; ///< of the memory that this struct owns
};

/// Random elements of variance about 1 / in, subnormals of the small formats among them; `in` a
/// multiple of kMxBlock for MxFloat4.
StoredWeight storedWeight(RandomInputs& random, const WeightKind& kind, int64_t out, int64_t in);

} // namespace moe::kernels::cases
