// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/step_record.h"

#include <cmath>
#include <numeric>

namespace moe::train {

namespace {

telemetry::LayerRecord makeLayerRecord(
    const model::StepTotals::Host& totals, size_t layer, double alpha, double microbatches)
{
    telemetry::LayerRecord record;
    record.layer = static_cast<int32_t>(layer);
    record.load = totals.load(layer);
    record.droppedByExpert = totals.dropped(layer);
    record.assignments = std::accumulate(record.load.begin(), record.load.end(), INT64_C(0));
    record.dropped
        = std::accumulate(record.droppedByExpert.begin(), record.droppedByExpert.end(), INT64_C(0));
    record.alpha = alpha;
    const auto mean = [&](kernels::RouterSum which) {
        return totals.sum(layer, which) / microbatches;
    };
    record.auxLoss = mean(kernels::kSumAux);
    record.gateEntropy = mean(kernels::kSumEntropy);
    if (totals.experts >= 2)
        record.max1OverMax2 = mean(kernels::kSumRatio12);
    if (totals.experts >= 3)
        record.max2OverMax3 = mean(kernels::kSumRatio23);
    return record;
}

} // namespace

telemetry::StepRecord makeStepRecord(const RunFile& file, int64_t step, const StepOrder& order,
    const model::StepTotals::Host& totals)
{
    const int64_t microbatchCount = file.globalBatchSize / file.microBatchSize;
    const auto microbatches = static_cast<double>(microbatchCount);
    const int64_t tokens = file.globalBatchSize * file.sequenceLength;
    telemetry::StepRecord record;
    record.step = step;
    record.tokens = step * tokens;
    record.lr = order.lr;
    record.lmLoss = totals.loss() / static_cast<double>(tokens);
    for (size_t layer = 0; layer < order.alpha.size(); ++layer) {
        record.layers.push_back(makeLayerRecord(totals, layer, order.alpha[layer], microbatches));
        record.auxLoss += order.alpha[layer] * record.layers.back().auxLoss;
        record.zLoss
            += file.moe.zLossCoefficient * totals.sum(layer, kernels::kSumZLoss) / microbatches;
    }
    record.loss = record.lmLoss + record.auxLoss + record.zLoss;
    record.gradNorm = std::sqrt(totals.squaredNorm());
    return record;
}

std::vector<double> dropRates(const telemetry::StepRecord& record)
{
    std::vector<double> rates;
    rates.reserve(record.layers.size());
    for (const telemetry::LayerRecord& layer : record.layers)
        rates.push_back(layer.dropRate());
    return rates;
}

} // namespace moe::train
