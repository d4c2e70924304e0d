// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

namespace moe::kernels {

/// Operations per second (2 a multiply-add) of the backend's own large square projection in
/// `dtype`, best of a few: the denominator of MFU. About 0.3 s; a second where 512 × 512 takes that
/// long.
double measureMatmulPeak(Backend& backend, DType dtype);

inline constexpr int64_t kBeyondCaches = int64_t{256} << 20;

/// Bytes per second that `threads` threads (0: all cores) read together, one load a cache line,
/// best of a few passes over a buffer of `bytes`: memory's rate where no cache holds it, else the
/// cache's. About 0.3 s.
double measureReadBandwidth(int threads, int64_t bytes = kBeyondCaches);

} // namespace moe::kernels
