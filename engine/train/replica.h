// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/decoder.h"
#include "engine/parallel/communicator.h"
#include "engine/telemetry/record.h"
#include "engine/train/batches.h"
#include "engine/train/optimizer.h"
#include "engine/train/run_file.h"
#include "kernels/backend.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace moe::train {

/// What rank 0 decides before a step and every rank does.
struct StepOrder {
    bool stop = false; ///< no step: save and end
    double lr = 0;
    std::optional<double> capacityFactor; ///< none: dropless
    std::vector<double> alpha; ///< of each MoE layer
};

/// Whole flat buffers on the host, as a run starts from or a checkpoint saves.
struct HostState {
    std::vector<float> weights, m, v; ///< m, v empty: zeros
};

/// One data-parallel rank: a whole model, its gradients, its share of the optimizer's state and of
/// every batch. Functions marked "together" are called by all ranks at once.
class Replica {
public:
    /// `valid` may be null. The datasets outlive the replica.
    Replica(kernels::Backend& backend, parallel::Communicator& ranks, const RunFile& file,
        const text::IndexedDataset& train, const text::IndexedDataset* valid);

    const model::ParameterLayout& layout() const { return m_decoder.weights().layout(); }
    void upload(const HostState& state);
    /// Together; only a rank that is `wanted` fills `state`.
    void download(HostState& state, bool wanted);

    /// Together: every rank gets rank 0's order.
    void share(StepOrder& order);
    /// Together: forward and backward over the rank's microbatches of step `step` (from 1), sums
    /// reduced over the ranks.
    model::StepTotals::Host forwardBackward(int64_t step, const StepOrder& order);
    /// Together: the optimizer's step, and the weights packed for what follows.
    void update(int64_t step, double lr, double gradientScale);
    /// Together: mean cross-entropy over all samples of the validation set, dropless. None when
    /// rank 0's `stopped` (asked before each microbatch; not used on other ranks) ended it.
    std::optional<double> validate(const std::function<void(int64_t done, int64_t total)>& progress,
        const std::function<bool()>& stopped);

    /// Expert loads of a text, routed dropless: as many whole sequences as one microbatch holds, or
    /// the text itself when it is shorter.
    std::vector<telemetry::LayerRecord> probe(const std::vector<int32_t>& ids);
    /// Mean pairwise cosine of the experts' concatenated weights, by MoE layer; none with one
    /// expert. Called by all ranks, worked out by the first. Nothing when rank 0 has been told to
    /// stop, which it is asked before each layer.
    std::optional<std::vector<std::optional<double>>> expertSimilarity(
        const std::function<bool()>& stopped);

    /// Together: the most that the ranks' backends held, added up.
    int64_t peakBytes();

private:
    model::Routing trainingRouting(const StepOrder& order) const;

    kernels::Backend& m_backend;
    parallel::Communicator& m_ranks;
    RunFile m_file;
    model::Decoder m_decoder;
    kernels::Tensor m_gradients;
    Optimizer m_optimizer;
    model::StepTotals m_totals; ///< of the step
    model::StepTotals m_evaluation; ///< of validation and probes
    kernels::Tensor m_gram; ///< [experts, experts] float64, of one layer
    kernels::Tensor m_message; ///< [3 + MoE layers] float64, a StepOrder on its way
    Batches m_train;
    std::optional<Batches> m_valid;
};

} // namespace moe::train
