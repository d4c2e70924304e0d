// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_data.h"

#include <QString>
#include <QStringList>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moe::models {

/// What the window shows of a run file as it is in force now: the resolved file, then the steered
/// values. Keys that are absent from a file have the contract's defaults; without a file (imported
/// runs) nothing is known, and nothing is shown.
struct RunSettings {
    bool known = false; ///< there is a run file
    double lr = 0;
    QString schedule;
    int64_t warmupSteps = 0;
    std::optional<double> capacityFactor; ///< none: dropless, or not known
    QString dropPolicy, auxLoss;
    enum class Coefficient { None, Constant, List, Adaptive } coefficient = Coefficient::None;
    double constant = 0;
    std::vector<double> list;
    double xi = 0.2, alphaMax = 0.01, beta = 0.99;
    std::optional<double> clipGrad; ///< none: not clipped, or not known
    int64_t validEvery = 0, tokensPerStep = 0, trainSteps = 0;
    int64_t topK = 2;
    QString precision;
    int64_t tensor = 1, pipeline = 1, data = 1, zero = 1;
    QStringList probes; ///< names, in the file's order
    int64_t parameters = 0, activeParameters = 0; ///< 0: not known
};

RunSettings settingsOf(const telemetry::RunInfo& run, const std::vector<NumberedEvent>& events);

} // namespace moe::models
