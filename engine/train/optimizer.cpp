// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/optimizer.h"

#include <algorithm>

namespace moe::train {

using kernels::DType;
using kernels::MemoryKind;
using kernels::TensorView;

std::vector<ParameterGroup> parameterGroups(const model::ParameterLayout& layout)
{
    std::vector<ParameterGroup> groups;
    for (const model::Parameter& parameter : layout.parameters) {
        if (groups.empty() || groups.back().decays != parameter.decays()
            || groups.back().expert != parameter.expert)
            groups.push_back({parameter.offset, 0, parameter.decays(), parameter.expert});
        // A gap inside a group holds zeros, which stay zeros.
        groups.back().count = parameter.offset + parameter.shape.elements() - groups.back().first;
    }
    return groups;
}

namespace {

std::vector<parallel::Piece> gapsOf(const model::ParameterLayout& layout)
{
    std::vector<parallel::Piece> gaps;
    int64_t end = 0;
    for (const model::Parameter& parameter : layout.parameters) {
        if (parameter.offset > end)
            gaps.push_back({end, parameter.offset - end});
        end = parameter.offset + parameter.shape.elements();
    }
    if (layout.elements > end)
        gaps.push_back({end, layout.elements - end});
    return gaps;
}

} // namespace

Optimizer::Optimizer(kernels::Backend& backend, parallel::Communicator& ranks,
    const model::ParameterLayout& layout, const OptimizerSettings& settings, bool cutState)
    : m_backend(backend)
    , m_ranks(ranks)
    , m_settings(settings)
    , m_groups(parameterGroups(layout))
    , m_gaps(gapsOf(layout))
    , m_cut(cutState && ranks.size() > 1)
    , m_own(m_cut ? parallel::pieceOf(layout.elements, ranks.rank(), ranks.size())
                  : parallel::Piece{0, layout.elements})
    , m_m(backend.allocate({m_own.count}, DType::Float32, MemoryKind::Optimizer))
    , m_v(backend.allocate({m_own.count}, DType::Float32, MemoryKind::Optimizer))
{
}

void Optimizer::reduce(const TensorView& gradients, const TensorView& squaredNorm)
{
    if (m_cut)
        m_ranks.reduceScatterSum(gradients);
    else
        m_ranks.allReduceSum(gradients);
    const parallel::Piece own
        = parallel::pieceOf(gradients.elements(), m_ranks.rank(), m_ranks.size());
    m_backend.sumOfSquares(gradients.at(own.first, {own.count}), squaredNorm);
}

void Optimizer::update(const TensorView& parameters, const TensorView& gradients, int64_t step,
    double lr, double gradientScale)
{
    kernels::AdamW adamw;
    adamw.beta1 = static_cast<float>(m_settings.beta1);
    adamw.beta2 = static_cast<float>(m_settings.beta2);
    adamw.eps = static_cast<float>(m_settings.eps);
    adamw.gradientScale = static_cast<float>(gradientScale);
    adamw.step = step;
    for (const ParameterGroup& group : m_groups) {
        const int64_t first = std::max(group.first, m_own.first);
        const int64_t count
            = std::min(group.first + group.count, m_own.first + m_own.count) - first;
        if (count <= 0)
            continue;
        adamw.lr = static_cast<float>(group.expert ? lr * m_settings.expertLrScale : lr);
        adamw.weightDecay = static_cast<float>(group.decays ? m_settings.weightDecay : 0);
        m_backend.adamw(parameters.at(first, {count}), gradients.at(first, {count}),
            m_m->at(first - m_own.first, {count}), m_v->at(first - m_own.first, {count}), adamw);
    }
    if (m_cut) {
        m_ranks.allGather(parameters);
        clearGaps(gradients);
    }
}

void Optimizer::upload(const float* m, const float* v)
{
    if (m)
        m_backend.upload(m_m, m + m_own.first);
    else
        m_backend.zero(m_m);
    if (v)
        m_backend.upload(m_v, v + m_own.first);
    else
        m_backend.zero(m_v);
}

void Optimizer::downloadWhole(float* to, const TensorView& own, const TensorView& scratch)
{
    if (m_cut) {
        m_backend.copy(scratch.at(m_own.first, {m_own.count}), own);
        m_ranks.allGather(scratch);
    }
    if (to)
        m_backend.download(to, m_cut ? scratch : own);
}

void Optimizer::download(float* m, float* v, const TensorView& scratch)
{
    downloadWhole(m, m_m, scratch);
    downloadWhole(v, m_v, scratch);
    clearGaps(scratch);
}

void Optimizer::clearGaps(const TensorView& gradients)
{
    for (const parallel::Piece& gap : m_gaps)
        m_backend.zero(gradients.at(gap.first, {gap.count}));
}

} // namespace moe::train
