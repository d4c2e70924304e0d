// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/dashboard.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace moe::training {

using models::Metric;
using models::XAxis;
using shell::theme;
using shell::Theme;

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

std::vector<plots::EventMarker> markersOf(const models::RunData& run, XAxis axis)
{
    std::vector<plots::EventMarker> markers;
    for (const models::NumberedEvent& numbered : run.events()) {
        const bool checkpoint = numbered.event.kind == "checkpoint";
        if (numbered.flag == 0 && !checkpoint)
            continue;
        const bool drawn = numbered.flag > 0
            && std::ranges::any_of(markers,
                [&](const plots::EventMarker& marker) { return marker.number == numbered.flag; });
        if (drawn)
            continue; // experts found dead together share the first one's line
        const double x = run.secondsAt(static_cast<double>(numbered.event.step), axis);
        markers.push_back({x, numbered.flag, numbered.foundByEngine});
    }
    return markers;
}

std::pair<double, double> shownRange(const models::RunData& run, const SharedAxis& axis)
{
    if (axis.zoom())
        return *axis.zoom();
    const auto last = static_cast<double>(run.lastStep());
    const double first = axis.lastSteps() > 0 ? std::max(0.0, last - axis.lastSteps()) : 0;
    const double low = first > 0 ? run.secondsAt(first, axis.axis()) : 0;
    const double high = std::max(run.secondsAt(last, axis.axis()), low + 1);
    // The end moves in hops of about a hundredth, so that most steps only add to what is drawn.
    const double hop = std::exp2(std::floor(std::log2((high - low) / 100)));
    return {first > 0 ? std::floor(low / hop) * hop : low, std::ceil(high / hop) * hop};
}

Dashboard::Dashboard(SharedAxis& axis, QWidget* parent)
    : QObject(parent)
    , m_axis(axis)
    , m_drop(new PlotPanel(tr("Token drop rate"), tr("% of assignments"), axis, parent))
    , m_alpha(new PlotPanel(tr("Aux-loss coefficient α"), tr("per layer"), axis, parent))
    , m_loss(new PlotPanel(tr("Loss"), {}, axis, parent))
    , m_lr(new PlotPanel(tr("Learning rate"), {}, axis, parent))
    , m_grad(new PlotPanel(tr("Gradient norm"), {}, axis, parent))
    , m_tokens(new PlotPanel(tr("Tokens/s"), tr("all ranks"), axis, parent))
    , m_law(new LawRow)
{
    m_drop->plot().setObjectName(QStringLiteral("dropRatePlot"));
    m_alpha->plot().setObjectName(QStringLiteral("auxCoefficientPlot"));
    m_loss->plot().setObjectName(QStringLiteral("lossPlot"));
    m_lr->plot().setObjectName(QStringLiteral("learningRatePlot"));
    m_grad->plot().setObjectName(QStringLiteral("gradNormPlot"));
    m_tokens->plot().setObjectName(QStringLiteral("tokensPlot"));
    m_alpha->addRow(m_law);
    m_drop->titleBar().setShortUnit(QStringLiteral("%"));
    m_grad->titleBar().setShortName(tr("Grad norm"));
    m_drop->setValueFormat([](double share) { return models::formatPercent(share); },
        models::narrowSpace() + QStringLiteral("%"));
    m_alpha->setValueFormat(&models::formatAlpha);
    m_loss->setValueFormat(&models::formatLoss);
    for (PlotPanel* small : {m_lr, m_grad, m_tokens}) {
        small->setNameless(true);
        small->plot().setMargins(34, 20);
    }
    m_alpha->plot().setYDecimals(4);
    connect(&m_axis, &SharedAxis::changed, this, [this] { m_stale = true; });
}

void Dashboard::setOverlays(std::vector<Overlay> overlays)
{
    m_overlays = std::move(overlays);
    m_stale = true;
}

void Dashboard::setChosenRow(int row)
{
    if (row == m_chosenRow)
        return;
    m_chosenRow = row;
    m_stale = true;
}

void Dashboard::setShortWords(bool shortWords)
{
    if (shortWords == m_short)
        return;
    m_short = shortWords;
    for (PlotPanel* panel : panels())
        panel->titleBar().setShortWords(shortWords);
    m_law->setShortWords(shortWords);
}

void Dashboard::restyle()
{
    m_stale = true;
}

void Dashboard::setLive(bool live)
{
    for (PlotPanel* panel : panels())
        panel->plot().setLive(live);
}

void Dashboard::refresh(const models::RunData& run, const models::RunSettings& settings)
{
    if (m_stale || run.generation() != m_generation || run.layers() != m_layers)
        rebuild(run, settings);
    if (m_drop->isVisible())
        feedLayers(*m_drop, run, false);
    if (m_alpha->isVisible())
        feedLayers(*m_alpha, run, true);
    if (m_loss->isVisible())
        feedLoss(run);
    feedScalars(run, settings);
    const bool dense = !run.isEmpty() && run.layers() == 0;
    m_drop->setEmptyText(
        dense ? tr("This run has no MoE layers, so no tokens are dropped.") : QString());
    m_alpha->setEmptyText(
        dense ? tr("This run has no MoE layers, so there is no aux loss.") : QString());
    setMarkers(run);
    applyRange(run);
    for (PlotPanel* panel : panels()) {
        if (!panel->isVisible())
            continue;
        panel->updateLegend();
        panel->plot().refresh();
    }
}

void Dashboard::rebuild(const models::RunData& run, const models::RunSettings& settings)
{
    m_stale = false;
    m_generation = run.generation();
    m_layers = run.layers();
    rebuildLayers(*m_drop, run);
    rebuildLayers(*m_alpha, run);
    rebuildLoss();
    for (PlotPanel* small : {m_lr, m_grad, m_tokens}) {
        small->clearCurves();
        // Schedules are exact: only noisy measurements are smoothed, and those are shown raw here.
        small->addCurve(
            {small->titleBar().name(), theme().series[0], 1.4, false, false, false, false, false});
    }
    const double planned = static_cast<double>(std::max(settings.trainSteps, run.lastStep()));
    for (PlotPanel* panel : panels()) {
        panel->restartSmoothing(models::smoothingUnit(planned));
        panel->plot().setXIsTime(m_axis.axis() != XAxis::Step);
    }
    const QString smoothing = models::formatFixed(m_axis.smoothing(), 2);
    m_loss->titleBar().setUnit(
        m_axis.smoothing() > 0 ? tr("smoothing %1, raw behind").arg(smoothing) : tr("raw"));
    m_loss->titleBar().setShortUnit(
        m_axis.smoothing() > 0 ? tr("smoothing %1").arg(smoothing) : tr("raw"));
    m_eventGeneration = -1;
}

void Dashboard::rebuildLayers(PlotPanel& panel, const models::RunData& run)
{
    panel.clearCurves();
    const int layers = run.layers();
    for (int row = 0; row < layers; ++row) {
        const double depth = layers > 1 ? static_cast<double>(row) / (layers - 1) : 0;
        const QColor color = Theme::blend(theme().layer(depth), theme().base, 0.55);
        panel.addCurve({{}, color, 0.8});
    }
    if (layers == 0) {
        panel.setLeadingLegend({});
        return;
    }
    panel.addCurve({tr("mean"), theme().text, 2, false, false, true});
    if (m_chosenRow >= 0 && m_chosenRow < layers)
        panel.addCurve({tr("layer %1").arg(run.layerId(m_chosenRow)), theme().series[1], 1.4, false,
            false, true});
    TitleLegend ramp;
    ramp.swatch = TitleLegend::Swatch::Ramp;
    ramp.name = tr("layer %1").arg(run.layerId(0));
    ramp.value = QString::number(run.layerId(layers - 1));
    panel.setLeadingLegend(
        &panel == m_drop && layers > 1 ? QList<TitleLegend>{ramp} : QList<TitleLegend>{});
}

void Dashboard::rebuildLoss()
{
    m_loss->clearCurves();
    const QColor train = theme().series[0];
    PlotPanel::Curve raw{{}, Theme::blend(train, theme().base, 0.35), 0.8};
    raw.smoothed = false;
    raw.raw = true;
    m_loss->addCurve(raw);
    for (const Overlay& overlay : m_overlays)
        m_loss->addCurve({overlay.name, overlay.color, 1.2});
    PlotPanel::Curve valid{tr("validation"), theme().series[1], 1.6, true, true};
    valid.smoothed = false;
    valid.rank = -1;
    m_loss->addCurve(valid);
    PlotPanel::Curve trained{tr("train"), train, 1.6};
    trained.rank = -2;
    m_loss->addCurve(trained);
}

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
    if (panel.curves() > layers + 1)
        panel.setCurve(
            layers + 1, grid.step, x, alpha ? run.alpha(m_chosenRow) : run.dropRate(m_chosenRow));
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
    const double least = quantile(shown, 0.005), most = quantile(shown, 0.93);
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
        const double most = largest(run.metric(Metric::LearningRate));
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
        const bool clipped = settings.clipGrad > 0;
        m_grad->titleBar().setUnit(clipped
                ? tr("clipped at %1").arg(models::formatFixed(settings.clipGrad, 1))
                : QString());
        m_grad->plot().setLimits(clipped ? std::vector<plots::Limit>{{settings.clipGrad, {}}}
                                         : std::vector<plots::Limit>{});
        const double most
            = std::max(clipped ? 1.6 * settings.clipGrad : 0, 1.15 * quantile(norms, 0.98));
        m_grad->plot().setYDecimals(1);
        m_grad->plot().setYRange(0, most > 0 ? std::optional(most) : std::nullopt);
    }
    if (m_tokens->isVisible()) {
        const std::vector<double>& rates = run.metric(Metric::TokensPerSecond);
        m_tokens->setCurve(0, grid.step, x, rates);
        const double most = largest(rates);
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

void Dashboard::setMarkers(const models::RunData& run)
{
    if (run.eventGeneration() == m_eventGeneration && m_markerAxis == m_axis.axis())
        return;
    m_eventGeneration = run.eventGeneration();
    m_markerAxis = m_axis.axis();
    const std::vector<plots::EventMarker> markers = markersOf(run, m_axis.axis());
    for (PlotPanel* panel : panels())
        panel->plot().setMarkers(markers, panel == m_drop);
}

void Dashboard::applyRange(const models::RunData& run)
{
    const auto [low, high] = shownRange(run, m_axis);
    for (PlotPanel* panel : panels())
        panel->setRange(low, high);
}

} // namespace moe::training
