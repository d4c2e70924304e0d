// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/model/step_totals.h"

#include <algorithm>

namespace moe::model {

using kernels::DType;
using kernels::kRouterSums;
using kernels::MemoryKind;

StepTotals::StepTotals(kernels::Backend& backend, const ModelConfig& config)
    : m_backend(backend)
    , m_layers(config.moeLayers())
    , m_experts(config.experts)
    // A dense model counts nothing, but a buffer of no bytes is a case of its own everywhere.
    , m_counts(backend.allocate(
          {std::max<int64_t>(2 * m_layers * m_experts, 1)}, DType::Int64, MemoryKind::Workspace))
    , m_sums(backend.allocate({m_layers * kRouterSums + 2}, DType::Float64, MemoryKind::Workspace))
{
}

void StepTotals::zero()
{
    m_backend.zero(m_counts);
    m_backend.zero(m_sums);
}

kernels::RouterTotals StepTotals::layer(size_t index) const
{
    const auto l = static_cast<int64_t>(index);
    return {m_counts->at(2 * l * m_experts, {m_experts}),
        m_counts->at((2 * l + 1) * m_experts, {m_experts}),
        m_sums->at(l * kRouterSums, {kRouterSums})};
}

kernels::TensorView StepTotals::loss() const
{
    return m_sums->at(m_layers * kRouterSums, {1});
}

kernels::TensorView StepTotals::squaredNorm() const
{
    return m_sums->at(m_layers * kRouterSums + 1, {1});
}

StepTotals::Host StepTotals::download() const
{
    Host host;
    host.experts = m_experts;
    host.counts.resize(static_cast<size_t>(m_counts->elements()));
    host.sums.resize(static_cast<size_t>(m_sums->elements()));
    m_backend.download(host.counts.data(), m_counts);
    m_backend.download(host.sums.data(), m_sums);
    return host;
}

namespace {

std::vector<int64_t> piece(const std::vector<int64_t>& counts, size_t index, int64_t experts)
{
    const auto first = counts.begin() + static_cast<int64_t>(index) * experts;
    return {first, first + experts};
}

} // namespace

std::vector<int64_t> StepTotals::Host::load(size_t layer) const
{
    return piece(counts, 2 * layer, experts);
}

std::vector<int64_t> StepTotals::Host::dropped(size_t layer) const
{
    return piece(counts, 2 * layer + 1, experts);
}

double StepTotals::Host::sum(size_t layer, kernels::RouterSum which) const
{
    return sums[layer * kRouterSums + which];
}

} // namespace moe::model
