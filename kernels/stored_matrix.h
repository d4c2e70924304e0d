// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"

#include <cstdint>
#include <vector>

namespace moe::kernels {

/// A StoredMatrix that products read where it lies, with scales of its own.
class HostPlaced final : public PlacedMatrix {
public:
    /// Throws moe::Error when sizes, scales or strides do not fit each other.
    explicit HostPlaced(const StoredMatrix& stored);
    const StoredMatrix& stored() const { return m_stored; }

private:
    std::vector<float> m_scales;
    StoredMatrix m_stored;
};

/// Row `row` as float32, code × scale rounded once, to [in].
void widenRow(const StoredMatrix& matrix, int64_t row, float* to);

/// Bytes of one row's codes.
int64_t codeBytes(WeightFormat format, int64_t in);

} // namespace moe::kernels
