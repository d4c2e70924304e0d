// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// plot_bench [STEPS]: how long one frame of the training dashboard takes: a 64 × 512 load heatmap,
// drop rate and α with a curve for each of 64 layers, loss, and three small plots, 20,000 steps
// behind them unless told otherwise, fed by 1,000 layer events a second at 30 Hz. A frame runs from
// handing over the new data until it is painted.
#include "tests/ui/plots/sample_run.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QElapsedTimer>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>

using namespace moe;
using namespace moe::plots;

namespace {

constexpr int kLayers = 64, kExperts = 512, kFrames = 150;
constexpr double kEventsPerFrame = 1000.0 / 30;

/// A plot and the histories it shows.
struct Panel {
    std::unique_ptr<TimeSeriesPlot> plot;
    std::vector<std::vector<double>> curves;

    Panel(QWidget* window, QRect where, int layers, int steps)
        : plot(std::make_unique<TimeSeriesPlot>(window))
    {
        plot->setGeometry(where);
        plot->setLive(true);
        plot->setMarkers({{3000, 1, false}, {16904, 2, true}}, true);
        const shell::Theme& theme = shell::theme();
        for (int layer = 0; layer < layers; ++layer) {
            const double depth = double(layer) / std::max(1, layers - 1);
            CurveStyle style{QStringLiteral("layer %1").arg(layer), theme.layer(depth)};
            style.inLegend = layer + 2 >= layers;
            style.endLabel = layers > 1 && layer + 2 >= layers;
            plot->addCurve(style);
            curves.push_back(sample::dropRate(steps, depth, false, uint32_t(layer)));
        }
    }

    void feed(const std::vector<double>& x, int newSteps)
    {
        for (size_t curve = 0; curve < curves.size(); ++curve) {
            for (int step = 0; step < newSteps; ++step)
                curves[curve].push_back(curves[curve][curves[curve].size() - 900]);
            plot->setData(int(curve), std::span(x).first(curves[curve].size()), curves[curve]);
        }
    }
};

void report(const char* what, std::vector<double> milliseconds)
{
    std::sort(milliseconds.begin(), milliseconds.end());
    const auto at = [&](double share) {
        return milliseconds[std::min(milliseconds.size() - 1, size_t(share * milliseconds.size()))];
    };
    std::printf("%-28s median %6.2f ms   p95 %6.2f ms   best %6.2f ms\n", what, at(0.5), at(0.95),
        milliseconds.front());
}

/// Processor time of this thread: what a frame costs when the machine has other things to do.
double processorMilliseconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

} // namespace

int main(int argc, char** argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    shell::ThemeSource::install(application, shell::ThemeChoice::Light);

    const int steps = argc > 1 ? std::max(1000, std::atoi(argv[1])) : 20000;
    QWidget window;
    window.resize(1600, 1000);
    HeatmapPlot map(HeatmapPlot::Kind::LayersByExperts, &window);
    map.setGeometry(305, 212, 453, 764);
    std::vector<Panel> panels;
    panels.emplace_back(&window, QRect(758, 188, 842, 183), kLayers, steps); // drop rate
    panels.emplace_back(&window, QRect(758, 430, 842, 174), kLayers, steps); // α
    panels.emplace_back(&window, QRect(758, 632, 842, 178), 4, steps); // loss
    for (int i = 0; i < 3; ++i)
        panels.emplace_back(&window, QRect(758 + 281 * i, 840, 280, 136), 1, steps);

    std::vector<double> x = sample::steps(steps + kFrames * 2);
    HeatmapData loads = sample::loads(kLayers, kExperts, 7);
    loads.dead.assign(loads.values.size(), 0);
    for (size_t cell = 0; cell < loads.dead.size(); cell += 997)
        loads.dead[cell] = 1;
    map.setData(loads);
    for (Panel& panel : panels)
        panel.feed(x, 0);
    window.show();
    application.processEvents();

    std::vector<double> frames, processor, curves, maps;
    double events = 0;
    int64_t done = 0;
    for (int frame = 0; frame < kFrames; ++frame) {
        QElapsedTimer timer;
        timer.start();
        const double cpuBefore = processorMilliseconds();
        events += kEventsPerFrame;
        const int newSteps = int(events / kLayers);
        events -= newSteps * kLayers;
        for (int event = 0; event < int(kEventsPerFrame); ++event, ++done) // a row each
            for (int expert = 0; expert < kExperts; ++expert)
                loads.values[size_t(done % kLayers) * kExperts + size_t(expert)] *= 0.9999F;
        map.setData(loads);
        for (Panel& panel : panels)
            panel.feed(x, newSteps);
        for (int pass = 0; pass < 3; ++pass) // replots run from a timer and then ask for the paint
            application.processEvents();
        frames.push_back(double(timer.nsecsElapsed()) / 1e6);
        processor.push_back(processorMilliseconds() - cpuBefore);
        curves.push_back(panels[0].plot->lastReplotMilliseconds());
        maps.push_back(map.lastReplotMilliseconds());
    }
    std::printf(
        "%d layers x %d experts, %d steps behind, 1,000 layer events/s at 30 Hz, 1600 x 1000, "
        "offscreen raster\n",
        kLayers, kExperts, steps);
    report("whole dashboard, a frame", frames);
    report("  its processor time", processor);
    report("  drop rate plot, replot", curves);
    report("  heatmap, replot", maps);
    return 0;
}
