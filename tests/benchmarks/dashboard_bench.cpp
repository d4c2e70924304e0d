// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One frame of the dashboard at 64 layers × 512 experts with 20,000 steps behind it and about
// 1,000 layer events a second (16 steps a second, one every other frame): what the window's thread
// does in a frame, from taking in the step to the last painted pixel. Prints milliseconds.
#include "ui/shell/theme.h"
#include "ui/training/dashboard.h"
#include "ui/training/load_panel.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QGridLayout>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <random>
#include <vector>

using namespace moe;

namespace {

constexpr int kLayers = 64, kExperts = 512, kSteps = 20'000, kFrames = 300;

telemetry::StepRecord record(std::mt19937& random, int64_t step)
{
    telemetry::StepRecord made;
    made.step = step;
    const double t = static_cast<double>(step);
    made.loss = 2 + 7 * std::exp(-t / 3000) + 1e-4 * static_cast<double>(random() % 500);
    made.lr = 3e-4;
    made.gradNorm = 0.4 + 1e-4 * static_cast<double>(random() % 500);
    made.stepSeconds = 0.0625;
    made.tokensPerSecond = 32'000;
    for (int l = 0; l < kLayers; ++l) {
        telemetry::LayerRecord layer;
        layer.layer = l;
        layer.load.resize(kExperts);
        layer.droppedByExpert.assign(kExperts, 1);
        const uint32_t noise = random();
        for (int e = 0; e < kExperts; ++e)
            layer.load[static_cast<size_t>(e)] = 96 + ((noise >> (e % 23)) & 63);
        for (const int64_t load : layer.load)
            layer.assignments += load;
        layer.dropped = static_cast<int64_t>(600 + noise % 1200);
        layer.alpha = 0.002 + 0.008 * std::exp(-t / 5000) + 1e-6 * (noise % 200);
        made.layers.push_back(std::move(layer));
    }
    return made;
}

/// Processor time of this thread: what a frame costs when the machine has other things to do.
double processorMilliseconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double quantile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

} // namespace

int main(int count, char** words)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(count, words);
    shell::ThemeSource::install(application, shell::ThemeChoice::Light);
    models::RunData run;
    std::mt19937 random(1);
    QElapsedTimer clock;
    clock.start();
    for (int64_t step = 1; step <= kSteps; ++step)
        run.append(record(random, step));
    std::printf("20,000 steps taken in: %.1f s (the records' making included)\n",
        static_cast<double>(clock.elapsed()) / 1000);

    QWidget window;
    training::SharedAxis axis;
    training::Dashboard dashboard(axis, &window);
    auto* load = new training::LoadPanel(&window);
    load->setRun(&run);
    auto* grid = new QGridLayout(&window);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->addWidget(load, 0, 0, 4, 1);
    grid->addWidget(&dashboard.drop(), 0, 1, 1, 3);
    grid->addWidget(&dashboard.alpha(), 1, 1, 1, 3);
    grid->addWidget(&dashboard.loss(), 2, 1, 1, 3);
    grid->addWidget(&dashboard.learningRate(), 3, 1);
    grid->addWidget(&dashboard.gradNorm(), 3, 2);
    grid->addWidget(&dashboard.tokens(), 3, 3);
    grid->setColumnMinimumWidth(0, 452);
    window.resize(1296, 800);
    window.show();
    dashboard.setLive(true);
    models::RunSettings settings;
    settings.coefficient = models::RunSettings::Coefficient::Adaptive;
    settings.tokensPerStep = 2048;
    settings.trainSteps = 60'000;

    const auto frame = [&] {
        load->refresh(settings);
        dashboard.refresh(run, settings);
        QApplication::processEvents();
    };
    clock.restart();
    frame();
    std::printf("first frame: %.1f ms\n", static_cast<double>(clock.nsecsElapsed()) / 1e6);
    std::vector<double> withStep, append, processor;
    int64_t step = kSteps;
    for (int i = 0; i < kFrames; ++i) {
        const telemetry::Message next = record(random, ++step);
        const double before = processorMilliseconds();
        clock.restart();
        run.append(next);
        append.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
        frame();
        withStep.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
        processor.push_back(processorMilliseconds() - before);
    }
    std::printf(
        "frame with a new step: median %.2f ms, best %.2f, 95 %% under %.2f (taking the step "
        "in: %.2f)\n",
        quantile(withStep, 0.5), quantile(withStep, 0), quantile(withStep, 0.95),
        quantile(append, 0.5));
    std::printf("its thread's processor time: median %.2f ms, best %.2f, 95 %% under %.2f\n",
        quantile(processor, 0.5), quantile(processor, 0), quantile(processor, 0.95));
    return 0;
}
