// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_data.h"

#include <QObject>

#include <optional>
#include <utility>

namespace moe::training {

/// What all plots of the workspace share: what the x axis is, which part is shown, the crosshair
/// and the smoothing. GUI thread.
class SharedAxis : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    models::XAxis axis() const { return m_axis; }
    int lastSteps() const { return m_lastSteps; } ///< 0: all
    double smoothing() const { return m_smoothing; }
    std::optional<double> crosshair() const { return m_crosshair; }
    /// A zoom by hand, in the axis's unit; none: what lastSteps() says.
    std::optional<std::pair<double, double>> zoom() const { return m_zoom; }

    void setAxis(models::XAxis axis);
    void setLastSteps(int steps);
    void setSmoothing(double weight);
    void setCrosshair(std::optional<double> x);
    void setZoom(std::optional<std::pair<double, double>> range);

Q_SIGNALS:
    void changed(); ///< axis, range or smoothing: everything is drawn anew
    void crosshairChanged();

private:
    models::XAxis m_axis = models::XAxis::Step;
    int m_lastSteps = 0;
    double m_smoothing = 0.9;
    std::optional<double> m_crosshair;
    std::optional<std::pair<double, double>> m_zoom;
};

} // namespace moe::training
