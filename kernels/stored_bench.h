// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

#include <string>
#include <vector>

namespace moe::kernels {

inline constexpr int64_t kStoredBenchBytes = int64_t{128} << 20;

/// A product with stored weights at a shape, over as many matrices as stand in kStoredBenchBytes.
struct StoredBenchResult {
    std::string format; ///< "e4m3", "bf16", "mxfp4"
    int64_t tokens = 0, in = 0, out = 0;
    double seconds = 0; ///< of one matrix, best of a few rounds
    double bytes = 0; ///< of its codes
    double operations() const
    {
        return 2.0 * static_cast<double>(tokens) * static_cast<double>(in * out);
    }
};

/// linear() with bfloat16 activations of `backend`, for each format that inference is fast in, an
/// expert's two shapes (hidden 1,024, FFN 2,816), and from one token to a prompt's 512.
std::vector<StoredBenchResult> benchStoredProducts(Backend& backend);

} // namespace moe::kernels
