// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/tensor.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace moe::kernels::cases {

/// A tensor on the host, for tests: every element as the double it stands for (integers exactly),
/// always representable in `dtype`.
struct HostArray {
    kernels::Shape shape;
    kernels::DType dtype = kernels::DType::Float32;
    std::vector<double> values;
};

/// `values` rounded to `dtype` as a backend stores them.
HostArray hostArray(kernels::Shape shape, kernels::DType dtype, const std::vector<double>& values);
HostArray hostArray(kernels::Shape shape, const std::vector<int32_t>& values);
std::vector<std::byte> encode(const HostArray& array); ///< the bytes a backend holds
HostArray decode(kernels::Shape shape, kernels::DType dtype, const std::byte* bytes);

/// Inputs of one test, from one seed.
class RandomInputs {
public:
    explicit RandomInputs(uint64_t seed)
        : m_engine(seed)
    {
    }
    double uniform(double low, double high);
    int64_t below(int64_t bound);
    std::vector<double> normals(int64_t count, double deviation = 1.0);
    HostArray normal(kernels::Shape shape, kernels::DType dtype, double deviation = 1.0);
    std::vector<int32_t> ids(int64_t count, int64_t bound);

private:
    std::mt19937_64 m_engine;
};

} // namespace moe::kernels::cases
