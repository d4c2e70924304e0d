// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/tensor.h"

#include <cstdint>
#include <string>
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

inline std::string shapeText(const std::vector<int64_t>& sizes) ///< "[4, 256]"
{
    std::string text = "[";
    for (size_t i = 0; i < sizes.size(); ++i)
        text += (i ? ", " : "") + std::to_string(sizes[i]);
    return text + "]";
}

} // namespace moe::checkpoint
