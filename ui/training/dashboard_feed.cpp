// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the dashboard's plots are fed with at every frame, and the ranges that follow from it.
#include "ui/models/format.h"
#include "ui/training/dashboard.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace moe::training {

using models::Metric;

namespace {

constexpr size_t kLongRun = 500; ///< steps from which the first steep fall may leave the plot

double exponentOf(double value)
{
    return value > 0 ? std::floor(std::log10(value) + 1e-9) : 0;
}

QString superscript(int number)
{
    static const QString kDigits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text = number < 0 ? QStringLiteral("⁻") : QString();
    for (const QChar digit : QString::number(std::abs(number)))
        text += kDigits[digit.digitValue()];
    return text;
}

double largest(const std::vector<double>& values)
{
    double most = 0;
    for (const double value : values) {
        if (std::isfinite(value))
            most = std::max(most, value);
    }
    return most;
}

/// The value that `share` of the finite values do not exceed; of long curves every n-th value is
/// asked, since this is for ranges only.
double quantile(std::span<const double> values, double share)
{
    constexpr size_t kSamples = 2000;
    const size_t stride = values.size() / kSamples + 1;
    std::vector<double> finite;
    finite.reserve(kSamples);
    for (size_t i = 0; i < values.size(); i += stride) {
        if (std::isfinite(values[i]))
            finite.push_back(values[i]);
    }
    if (finite.empty())
        return 0;
    const auto at = static_cast<ptrdiff_t>(share * static_cast<double>(finite.size() - 1));
    std::ranges::nth_element(finite, finite.begin() + at);
    return finite[static_cast<size_t>(at)];
}

} // namespace

void Dashboard::feedLayers(PlotPanel& panel, const models::RunData& run, bool alpha)
{
    const models::StepGrid& grid = run.layerGrid();
    const std::vector<double>& x = grid.along(m_axis.axis());
    const int layers = run.layers();
    if (layers == 0)
        return;
    for (int row = 0; row < layers; ++row)
        panel.setCurve(row, grid.step, x, alpha ? run.alpha(row) : run.dropRate(row));
    panel.setCurve(layers, grid.step, x, alpha ? run.meanAlpha() : run.meanDropRate());
    int curve = layers + 1;
    if (m_chosenRow >= 0 && m_chosenRow < layers)
        panel.setCurve(
            curve++, grid.step, x, alpha ? run.alpha(m_chosenRow) : run.dropRate(m_chosenRow));
    for (const Overlay& overlay : m_overlays) {
        const models::StepGrid& other = overlay.run->layerGrid();
        panel.setCurve(curve++, other.step, other.along(m_axis.axis()),
            alpha ? overlay.run->meanAlpha() : overlay.run->meanDropRate());
    }
}

void Dashboard::feedLoss(const models::RunData& run)
{
    const models::StepGrid& grid = run.grid();
    const std::vector<double>& x = grid.along(m_axis.axis());
    int curve = 0;
    m_loss->setCurve(curve++, grid.step, x, run.metric(Metric::Loss));
    for (const Overlay& overlay : m_overlays)
        m_loss->setCurve(curve++, overlay.run->grid().step,
            overlay.run->grid().along(m_axis.axis()), overlay.run->metric(Metric::Loss));
    m_loss->setCurve(
        curve++, run.validGrid().step, run.validGrid().along(m_axis.axis()), run.valid());
    m_loss->setCurve(curve, grid.step, x, run.metric(Metric::Loss));
    setLossRange(run);
}

void Dashboard::feedOverlays(PlotPanel& panel, Metric metric)
{
    int curve = 1;
    for (const Overlay& overlay : m_overlays) {
        const models::StepGrid& grid = overlay.run->grid();
        panel.setCurve(curve++, grid.step, grid.along(m_axis.axis()), overlay.run->metric(metric));
    }
}

double Dashboard::largestShown(const models::RunData& run, Metric metric) const
{
    double most = largest(run.metric(metric));
    for (const Overlay& overlay : m_overlays)
        most = std::max(most, largest(overlay.run->metric(metric)));
    return most;
}

void Dashboard::setLossRange(const models::RunData& run)
{
    const std::vector<double>& loss = run.metric(Metric::Loss);
    const std::vector<double>& x = run.grid().along(m_axis.axis());
    const auto [low, high] = shownRange(run, m_axis);
    const auto first = static_cast<size_t>(std::ranges::lower_bound(x, low) - x.begin());
    const auto last = static_cast<size_t>(std::ranges::upper_bound(x, high) - x.begin());
    if (last <= first || last - first < kLongRun || first > 0) {
        m_loss->plot().setYRange(std::nullopt, std::nullopt);
        m_loss->plot().setYDecimals(last > first && last - first >= kLongRun ? 2 : 1);
        return;
    }
    // The steep fall of the first steps leaves the plot, so that the rest can be read.
    const std::span<const double> shown(loss.data() + first, last - first);
    double least = quantile(shown, 0.005);
    const double most = quantile(shown, 0.93);
    for (const double valid : run.valid()) { // often below the loss of a step
        if (valid < least)
            least = valid;
    }
    const double room = std::max(0.02, 0.06 * (most - least));
    m_loss->plot().setYRange(least - room, most + room);
    m_loss->plot().setYDecimals(most - least > 0.5 ? 1 : most - least > 0.05 ? 2 : 3);
}

void Dashboard::feedScalars(const models::RunData& run, const models::RunSettings& settings)
{
    const models::StepGrid& grid = run.grid();
    const std::vector<double>& x = grid.along(m_axis.axis());
    if (m_drop->isVisible()) {
        const double most = 100 * quantile(run.meanDropRate(), 0.98);
        m_drop->plot().setYRange(0, std::nullopt);
        m_drop->plot().setYDecimals(most >= 2 ? 0 : most >= 0.2 ? 1 : 2, 100);
    }
    if (m_alpha->isVisible()) {
        const bool adaptive = settings.coefficient == models::RunSettings::Coefficient::Adaptive;
        m_alpha->plot().setLimits(adaptive
                ? std::vector<plots::Limit>{{settings.alphaMax, QStringLiteral("α_max")}}
                : std::vector<plots::Limit>{});
        const double most = std::max(adaptive ? settings.alphaMax : 0, largest(run.meanAlpha()));
        m_alpha->plot().setYRange(0, most > 0 ? std::optional(1.12 * most) : std::nullopt);
    }
    if (m_lr->isVisible()) {
        m_lr->setCurve(0, grid.step, x, run.metric(Metric::LearningRate));
        feedOverlays(*m_lr, Metric::LearningRate);
        const double most = largestShown(run, Metric::LearningRate);
        const int exponent = static_cast<int>(exponentOf(most));
        const double scale = std::pow(10.0, -exponent);
        m_lr->titleBar().setUnit(
            most > 0 ? QStringLiteral("× 10") + superscript(exponent) : QString());
        m_lr->setValueFormat([scale](double lr) { return models::formatFixed(lr * scale, 2); });
        m_lr->plot().setYDecimals(most * scale < 2 ? 1 : 0, scale);
        m_lr->plot().setYRange(0, most > 0 ? std::optional(1.15 * most) : std::nullopt);
    }
    if (m_grad->isVisible()) {
        const std::vector<double>& norms = run.metric(Metric::GradNorm);
        m_grad->setCurve(0, grid.step, x, norms);
        feedOverlays(*m_grad, Metric::GradNorm);
        const std::optional<double> clip = settings.clipGrad;
        m_grad->titleBar().setUnit(clip ? tr("clipped at %1").arg(models::formatFixed(*clip, 1))
                : settings.known        ? tr("not clipped")
                                        : QString());
        m_grad->plot().setLimits(
            clip ? std::vector<plots::Limit>{{*clip, {}}} : std::vector<plots::Limit>{});
        const double most = std::max(clip ? 1.6 * *clip : 0, 1.15 * quantile(norms, 0.98));
        m_grad->plot().setYDecimals(1);
        m_grad->plot().setYRange(0, most > 0 ? std::optional(most) : std::nullopt);
    }
    if (m_tokens->isVisible()) {
        const std::vector<double>& rates = run.metric(Metric::TokensPerSecond);
        m_tokens->setCurve(0, grid.step, x, rates);
        feedOverlays(*m_tokens, Metric::TokensPerSecond);
        const double most = largestShown(run, Metric::TokensPerSecond);
        const bool thousands = most >= 10'000;
        m_tokens->titleBar().setUnit(thousands ? tr("k, all ranks") : tr("all ranks"));
        m_tokens->titleBar().setShortUnit(thousands ? QStringLiteral("k") : QString());
        m_tokens->setValueFormat([thousands](double rate) {
            return thousands ? models::formatFixed(rate / 1000, 1)
                             : models::formatCount(std::llround(rate));
        });
        m_tokens->plot().setYDecimals(0, thousands ? 1e-3 : 1);
        m_tokens->plot().setYRange(0, most > 0 ? std::optional(1.25 * most) : std::nullopt);
    }
}

} // namespace moe::training
