// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/axis_ticks.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace moe::plots {

namespace {

int ticksWithin(double low, double high, double step)
{
    const double slack = 1e-9 * step;
    return int(std::floor((high + slack) / step) - std::ceil((low - slack) / step)) + 1;
}

/// The least of mantissa × 10^e, rising, for which `fits`.
template <class Fits> double leastRound(double start, std::span<const double> mantissas, Fits fits)
{
    double power = std::pow(10.0, std::floor(std::log10(start)));
    for (int decade = 0; decade < 40; ++decade, power *= 10)
        for (const double mantissa : mantissas)
            if (fits(mantissa * power))
                return mantissa * power;
    return power;
}

double durationStep(double low, double high, int most)
{
    constexpr std::array kSeconds{1., 2., 5., 10., 15., 30., 60., 120., 300., 600., 900., 1800.,
        3600., 7200., 10800., 21600., 43200., 86400.};
    for (const double step : kSeconds)
        if (ticksWithin(low, high, step) <= most)
            return step;
    return kSeconds.back()
        * std::ceil((high - low) / kSeconds.back() / std::max(1.0, double(most - 1)));
}

} // namespace

QLocale numberLocale()
{
    const QLocale locale;
    return locale.language() == QLocale::C ? QLocale(QLocale::English, QLocale::UnitedStates)
                                           : locale;
}

QString numberText(double value, int decimals)
{
    if (!std::isfinite(value))
        return QStringLiteral("—");
    QString text = numberLocale().toString(std::abs(value), 'f', decimals);
    const bool zero = std::none_of(
        text.begin(), text.end(), [](QChar c) { return c.isDigit() && c.digitValue() != 0; });
    return value < 0 && !zero ? QStringLiteral("−") + text : text;
}

QString durationText(double seconds)
{
    using App = QCoreApplication;
    static constexpr char kContext[] = "moe::plots::TimeSeriesPlot";
    const auto days = [](qint64 n) {
        return App::translate(kContext, "%1 d").arg(n);
    };
    const auto hours = [](qint64 n) {
        return App::translate(kContext, "%1 h").arg(n);
    };
    const auto minutes = [](qint64 n) {
        return App::translate(kContext, "%1 min").arg(n);
    };
    const auto rest = [](qint64 n) {
        return App::translate(kContext, "%1 s").arg(n);
    };
    const qint64 s = std::llround(std::max(0.0, seconds));
    const qint64 day = 86400, hour = 3600, minute = 60;
    const auto join = [](const QString& large, qint64 left, const QString& small) {
        return left == 0 ? large : large + QLatin1Char(' ') + small;
    };
    if (s >= day)
        return join(days(s / day), s % day / hour, hours(s % day / hour));
    if (s >= hour)
        return join(hours(s / hour), s % hour / minute, minutes(s % hour / minute));
    if (s >= minute)
        return join(minutes(s / minute), s % minute, rest(s % minute));
    return rest(s);
}

double tickStep(TickKind kind, double low, double high, double pixels, double pixelsPerLabel)
{
    if (!(high > low))
        return 1;
    const int room = std::max(1, int(pixels / pixelsPerLabel) + 1);
    const int most = std::clamp(room, 2, kind == TickKind::Value ? 5 : 7);
    const auto fits = [&](double step) {
        return ticksWithin(low, high, step) <= most
            && (kind == TickKind::Value || step / (high - low) * pixels >= pixelsPerLabel);
    };
    if (kind == TickKind::Duration)
        return durationStep(low, high, most);
    if (kind == TickKind::Value) {
        constexpr std::array kMantissas{1.0, 2.0, 2.5, 5.0};
        return leastRound((high - low) / 100, kMantissas, fits);
    }
    // Thousands read well by threes (3,000, 6,000 …), small counts do not.
    constexpr std::array kSmall{1.0, 2.0, 5.0};
    constexpr std::array kLarge{1.0, 2.0, 3.0, 6.0, 9.0};
    const double small = leastRound(std::max(1.0, (high - low) / 100), kSmall, fits);
    return small < 1000 ? small : leastRound(1000, kLarge, fits);
}

void RoundTicker::setLength(double pixels, double pixelsPerLabel)
{
    m_pixels = pixels;
    m_pixelsPerLabel = pixelsPerLabel;
}

double RoundTicker::getTickStep(const QCPRange& range)
{
    const double step = tickStep(
        m_kind, range.lower * m_scale, range.upper * m_scale, m_pixels, m_pixelsPerLabel);
    m_decimals = 0;
    double rest = step;
    while (m_decimals < 12 && std::abs(rest - std::round(rest)) > 1e-6 * rest)
        rest = step * std::pow(10.0, ++m_decimals);
    return step / m_scale;
}

QString RoundTicker::getTickLabel(double tick, const QLocale&, QChar, int)
{
    return m_kind == TickKind::Duration ? durationText(tick)
                                        : numberText(tick * m_scale, m_decimals);
}

} // namespace moe::plots
