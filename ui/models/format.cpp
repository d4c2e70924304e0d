// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/format.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include <array>

namespace moe::models {

namespace {

QString withMinus(QString text)
{
    // QLocale writes a hyphen in English; the house writes U+2212.
    if (text.startsWith(QLatin1Char('-')))
        text[0] = QChar(0x2212);
    return text;
}

} // namespace

QString unknownText()
{
    return QStringLiteral("—");
}

QString narrowSpace()
{
    return QString(QChar(0x202F));
}

QString formatFixed(double value, int decimals)
{
    if (!std::isfinite(value))
        return unknownText();
    return withMinus(QLocale().toString(value, 'f', decimals));
}

QString formatCount(int64_t value)
{
    return withMinus(QLocale().toString(static_cast<qlonglong>(value)));
}

QString formatCompact(double value)
{
    if (!std::isfinite(value))
        return unknownText();
    static constexpr std::array kUnits{"", "k", "M", "B", "T"};
    size_t unit = 0;
    double scaled = value;
    while (std::abs(scaled) >= 999.95 && unit + 1 < kUnits.size()) {
        scaled /= 1000;
        ++unit;
    }
    if (unit == 0)
        return formatFixed(scaled, scaled == std::floor(scaled) ? 0 : 1);
    return formatFixed(scaled, 1) + narrowSpace() + QLatin1String(kUnits[unit]);
}

QString formatBytes(int64_t bytes)
{
    static constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
    auto scaled = static_cast<double>(bytes);
    size_t unit = 0;
    while (std::abs(scaled) >= 999.95 && unit + 1 < kUnits.size()) {
        scaled /= 1000;
        ++unit;
    }
    return formatFixed(scaled, unit == 0 ? 0 : 1) + narrowSpace() + QLatin1String(kUnits[unit]);
}

QString formatLoss(double value)
{
    return formatFixed(value, 3);
}

QString formatPercent(double share, int decimals)
{
    return formatFixed(100 * share, decimals);
}

QString formatAlpha(double value)
{
    return formatFixed(value, 4);
}

QString formatLearningRate(double value)
{
    if (!std::isfinite(value))
        return unknownText();
    if (value == 0)
        return QStringLiteral("0");
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
    double mantissa = value / std::pow(10.0, exponent);
    int shown = exponent;
    if (std::abs(mantissa) >= 9.995) {
        mantissa /= 10;
        ++shown;
    }
    return formatFixed(mantissa, 2) + QLatin1Char('e') + QString::number(shown);
}

QString formatUtilisation(double value)
{
    return formatFixed(value, 2);
}

QString formatDuration(double seconds)
{
    if (!std::isfinite(seconds) || seconds < 0)
        return unknownText();
    const auto whole = static_cast<int64_t>(std::llround(seconds));
    struct Unit {
        int64_t seconds;
        const char* name;
    };
    static constexpr std::array kUnits{Unit{86400, QT_TRANSLATE_NOOP("models", "d")},
        Unit{3600, QT_TRANSLATE_NOOP("models", "h")}, Unit{60, QT_TRANSLATE_NOOP("models", "min")},
        Unit{1, QT_TRANSLATE_NOOP("models", "s")}};
    QStringList parts;
    int64_t rest = whole;
    for (const Unit& unit : kUnits) {
        const int64_t count = rest / unit.seconds;
        rest -= count * unit.seconds;
        if (count > 0) {
            parts += QString::number(count) + narrowSpace()
                + QCoreApplication::translate("models", unit.name);
        } else if (!parts.isEmpty()) {
            break; // the two largest units stand beside each other
        }
        if (parts.size() == 2)
            break;
    }
    if (parts.isEmpty())
        parts += QStringLiteral("0") + narrowSpace() + QCoreApplication::translate("models", "s");
    return parts.join(QLatin1Char(' '));
}

} // namespace moe::models
