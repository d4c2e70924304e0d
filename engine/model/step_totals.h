// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config.h"
#include "kernels/backend.h"

#include <cstdint>
#include <vector>

namespace moe::model {

/// Sums that accumulate on the device over the microbatches of a step: what each router counted,
/// the cross-entropy, and the squared gradient norm. Two flat buffers, so that a step needs two
/// small downloads (and two reductions over ranks) however many layers there are.
class StepTotals {
public:
    StepTotals(kernels::Backend& backend, const ModelConfig& config);

    void zero();
    kernels::RouterTotals layer(size_t index) const;
    kernels::TensorView loss() const; ///< [1] float64, Σ over tokens
    kernels::TensorView squaredNorm() const; ///< [1] float64

    const kernels::TensorView& counts() const { return m_counts; } ///< int64
    const kernels::TensorView& sums() const { return m_sums; } ///< float64

    /// The sums on the host.
    struct Host {
        int64_t experts = 0;
        std::vector<int64_t> counts;
        std::vector<double> sums;

        std::vector<int64_t> load(size_t layer) const;
        std::vector<int64_t> dropped(size_t layer) const;
        double sum(size_t layer, kernels::RouterSum which) const;
        double loss() const { return sums[sums.size() - 2]; }
        double squaredNorm() const { return sums[sums.size() - 1]; }
    };
    Host download() const; ///< waits for all that was queued

private:
    kernels::Backend& m_backend;
    int64_t m_layers, m_experts;
    kernels::Tensor m_counts; ///< [MoE layers, 2, experts]
    kernels::Tensor m_sums; ///< [MoE layers · kRouterSums + 2]
};

} // namespace moe::model
