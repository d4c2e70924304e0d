// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/parameters.h"
#include "engine/parallel/communicator.h"
#include "engine/train/run_file.h"
#include "kernels/backend.h"

#include <cstdint>
#include <vector>

namespace moe::train {

/// Neighbours in the flat buffer that AdamW treats alike.
struct ParameterGroup {
    int64_t first = 0, count = 0; ///< elements
    bool decays = false, expert = false;
};
std::vector<ParameterGroup> parameterGroups(const model::ParameterLayout& layout);

/// AdamW over the flat buffers (contract section 3, items 4 and 5), and what data-parallel ranks
/// have to do around it. With zero 1 a rank holds m and v, and updates parameters, of its own piece
/// of the buffer only.
class Optimizer {
public:
    Optimizer(kernels::Backend& backend, parallel::Communicator& ranks,
        const model::ParameterLayout& layout, const OptimizerSettings& settings, bool cutState);

    /// Sums gradients over the ranks (afterwards only the own piece of them may be valid) and adds
    /// the squared norm of the own piece to `squaredNorm` [1] float64.
    void reduce(const kernels::TensorView& gradients, const kernels::TensorView& squaredNorm);
    /// Step `step` (from 1) with the reduced gradients; afterwards all ranks have all parameters.
    void update(const kernels::TensorView& parameters, const kernels::TensorView& gradients,
        int64_t step, double lr, double gradientScale);

    /// Whole host buffers of layout.elements; null: zeros.
    void upload(const float* m, const float* v);
    /// The other way; every rank calls it, those that want nothing with null. `scratch`: the
    /// gradient buffer, whose contents are lost.
    void download(float* m, float* v, const kernels::TensorView& scratch);

    /// Zeros between parameters of the layout, which no operation writes but norms read.
    void clearGaps(const kernels::TensorView& gradients);

private:
    void downloadWhole(
        float* to, const kernels::TensorView& own, const kernels::TensorView& scratch);

    kernels::Backend& m_backend;
    parallel::Communicator& m_ranks;
    OptimizerSettings m_settings;
    std::vector<ParameterGroup> m_groups;
    std::vector<parallel::Piece> m_gaps;
    bool m_cut; ///< state cut over the ranks
    parallel::Piece m_own; ///< what this rank updates
    kernels::Tensor m_m, m_v; ///< of the own piece
};

} // namespace moe::train
