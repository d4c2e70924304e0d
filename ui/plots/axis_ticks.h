// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/qcustomplot_header.h"

#include <QLocale>
#include <QString>

namespace moe::plots {

/// The application's locale, with digit grouping also where that is "C".
QLocale numberLocale();
/// 12480 → "12,480"; fixed decimals, "−" for minus.
QString numberText(double value, int decimals);
/// The largest two units: "40 s", "2 min 30 s", "1 h 20 min", "4 d 5 h".
QString durationText(double seconds);

enum class TickKind {
    Value, ///< round numbers, 3 to 5 of them
    Step, ///< whole steps, at most seven, no closer than a label is wide
    Duration, ///< seconds, at round times
};

/// Distance between ticks over `span` on an axis of `pixels`.
double tickStep(TickKind kind, double low, double high, double pixels, double pixelsPerLabel);

/// Ticks at round values with thousands separated; labels carry the decimals the step needs.
class RoundTicker : public QCPAxisTicker {
public:
    explicit RoundTicker(TickKind kind)
        : m_kind(kind)
    {
    }
    void setKind(TickKind kind) { m_kind = kind; }
    void setScale(double scale) { m_scale = scale; } ///< labels show value × scale
    void setLength(double pixels, double pixelsPerLabel);

protected:
    double getTickStep(const QCPRange& range) override;
    int getSubTickCount(double) override { return 0; }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    TickKind m_kind;
    double m_scale = 1, m_pixels = 100, m_pixelsPerLabel = 22;
    int m_decimals = 0;
};

} // namespace moe::plots
