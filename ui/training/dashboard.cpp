// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/dashboard.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>

namespace moe::training {

using models::XAxis;
using shell::theme;
using shell::Theme;

namespace {

/// Another run's line where the title has no room to name it: its colour is that of the run table.
PlotPanel::Curve beside(const Overlay& overlay, bool smoothed)
{
    PlotPanel::Curve curve{overlay.name, overlay.color, 1.2};
    curve.raw = true;
    curve.smoothed = smoothed;
    return curve;
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
    // A first step stands inside the plot, not on its edge.
    const double high = std::max(run.secondsAt(last, axis.axis()), low + 2);
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
    for (PlotPanel* panel : panels()) {
        panel->setFeed([this] {
            if (m_run != nullptr)
                refresh(*m_run, *m_settings);
        });
    }
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
    m_run = &run;
    m_settings = &settings;
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
        for (const Overlay& overlay : m_overlays)
            small->addCurve(beside(overlay, false));
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
        PlotPanel::Curve line{{}, color, 0.8};
        line.column = tr("layer %1").arg(run.layerId(row));
        panel.addCurve(line);
    }
    if (layers == 0) {
        panel.setLeadingLegend({});
        return;
    }
    panel.addCurve({tr("mean"), theme().text, 2, false, false, true});
    if (m_chosenRow >= 0 && m_chosenRow < layers) {
        PlotPanel::Curve chosen{tr("layer %1").arg(run.layerId(m_chosenRow)), theme().series[1],
            1.4, false, false, true};
        chosen.twin = true;
        panel.addCurve(chosen);
    }
    for (const Overlay& overlay : m_overlays)
        panel.addCurve(beside(overlay, true));
    shell::TitleLegend ramp;
    ramp.swatch = shell::TitleLegend::Swatch::Ramp;
    ramp.name = tr("layer %1").arg(run.layerId(0));
    ramp.value = QString::number(run.layerId(layers - 1));
    panel.setLeadingLegend(&panel == m_drop && layers > 1 ? QList<shell::TitleLegend>{ramp}
                                                          : QList<shell::TitleLegend>{});
}

void Dashboard::rebuildLoss()
{
    m_loss->clearCurves();
    const QColor train = theme().series[0];
    PlotPanel::Curve raw{{}, Theme::blend(train, theme().base, 0.35), 0.8};
    raw.smoothed = false;
    raw.raw = true;
    raw.twin = true;
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
