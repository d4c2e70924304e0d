// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/tensor.h"

#include <cstdint>
#include <vector>

namespace moe::checkpoint {

/// A shape as files keep it.
inline std::vector<int64_t> storedShape(const kernels::Shape& shape)
{
    std::vector<int64_t> sizes(static_cast<size_t>(shape.rank()));
    for (int axis = 0; axis < shape.rank(); ++axis)
        sizes[static_cast<size_t>(axis)] = shape[axis];
    return sizes;
}

} // namespace moe::checkpoint
