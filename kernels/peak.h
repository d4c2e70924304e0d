// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"

namespace moe::kernels {

/// Operations per second (2 a multiply-add) of the backend's own large square projection in
/// `dtype`, best of a few: the denominator of MFU. About 0.2 s.
double measureMatmulPeak(Backend& backend, DType dtype);

/// Bytes per second that `threads` threads (0: all cores) read together from memory, one load a
/// cache line over a buffer that no cache holds, best of a few. About 0.3 s.
double measureReadBandwidth(int threads);

} // namespace moe::kernels
