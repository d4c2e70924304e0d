// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/theme.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace moe::shell {

namespace {

QColor rgb(uint32_t value)
{
    return QColor::fromRgb(value | 0xFF000000U);
}

template <size_t N> std::array<QColor, N> colors(const uint32_t (&values)[N])
{
    std::array<QColor, N> result;
    std::transform(std::begin(values), std::end(values), result.begin(), rgb);
    return result;
}

/// Linear between stops; `at` rises from its first to its last stop.
QColor interpolate(std::span<const double> at, std::span<const QColor> stops, double value)
{
    if (std::isnan(value) || value <= at.front())
        return stops.front();
    for (size_t i = 1; i < at.size(); ++i) {
        if (value <= at[i]) {
            const double share = (value - at[i - 1]) / (at[i] - at[i - 1]);
            return Theme::blend(stops[i], stops[i - 1], share);
        }
    }
    return stops.back();
}

} // namespace

Theme Theme::light()
{
    Theme t;
    t.window = rgb(0xF1F2F4);
    t.base = rgb(0xFFFFFF);
    t.alt = rgb(0xF7F8F9);
    t.hover = rgb(0xECEEF1);
    t.line = rgb(0xDADDE2);
    t.border = rgb(0x7D8590);
    t.text = rgb(0x1A1D21);
    t.text2 = rgb(0x4A515B);
    t.text3 = rgb(0x646C77);
    t.disabled = rgb(0x9AA1AB);
    t.accent = rgb(0x0B6B7D);
    t.onAccent = rgb(0xFFFFFF);
    t.sel = rgb(0xD6EBEF);
    t.selText = rgb(0x0F2A30);
    t.error = rgb(0xB3261E);
    t.errorBg = rgb(0xFCEBE9);
    t.warn = rgb(0x865700);
    t.warnBg = rgb(0xFFF3D6);
    t.ok = rgb(0x1E7547);
    t.infoBg = rgb(0xE6F1F4);
    t.grid = rgb(0xE9EBEE);
    t.axis = rgb(0x868E99);
    t.hatch = rgb(0x4A515B);
    t.cross = rgb(0x4A515B);
    t.series = colors({0x1F6FB2, 0xC2540A, 0x0A8951, 0x6C3369, 0x4E4815, 0x73787F});
    t.layerStops = colors({0x3A2A73, 0x2C6791, 0x2E9A78, 0x93AE22});
    t.diverging = colors({0x123F78, 0x4C86BF, 0xB3CEE6, 0xF2F2EF, 0xF3C49B, 0xDE7E33, 0x8E3706});
    t.sequential = colors({0xF4F6F7, 0xBCD5DE, 0x78A9BA, 0x2F7489, 0x07394A});
    return t;
}

Theme Theme::darkTheme()
{
    Theme t;
    t.dark = true;
    t.window = rgb(0x202328);
    t.base = rgb(0x17191D);
    t.alt = rgb(0x1C1F23);
    t.hover = rgb(0x292D33);
    t.line = rgb(0x33383F);
    t.border = rgb(0x737C88);
    t.text = rgb(0xE3E6EA);
    t.text2 = rgb(0xB1B8C1);
    t.text3 = rgb(0x949CA7);
    t.disabled = rgb(0x666E79);
    t.accent = rgb(0x4DB6C9);
    t.onAccent = rgb(0x08191D);
    t.sel = rgb(0x17404A);
    t.selText = rgb(0xE8F6F8);
    t.error = rgb(0xF28B82);
    t.errorBg = rgb(0x3A1E1D);
    t.warn = rgb(0xE3B04B);
    t.warnBg = rgb(0x352B16);
    t.ok = rgb(0x63C48D);
    t.infoBg = rgb(0x182E34);
    t.grid = rgb(0x262A2F);
    t.axis = rgb(0x737C88);
    t.hatch = rgb(0xB1B8C1);
    t.cross = rgb(0xB1B8C1);
    t.series = colors({0x6FB2EA, 0xF2985E, 0x75E6AC, 0xCB40A4, 0xEDCA40, 0xADB3BB});
    t.layerStops = colors({0x8A78D8, 0x4F9CCB, 0x55C29A, 0xD3DC6B});
    t.diverging = colors({0xA5D0FA, 0x4A86C2, 0x2A4666, 0x26292D, 0x68401F, 0xBF6A22, 0xFFB980});
    t.sequential = colors({0x1B1E22, 0x1C4350, 0x2C7286, 0x63A9BB, 0xCFEEF4});
    return t;
}

QColor Theme::layer(double depth) const
{
    static constexpr double kAt[] = {0, 0.33, 0.67, 1};
    return interpolate(kAt, layerStops, depth);
}

QColor Theme::utilisation(double value) const
{
    static constexpr double kAt[] = {0, 0.5, 0.8, 1, 1.25, 1.5, 2};
    return interpolate(kAt, diverging, value);
}

QColor Theme::blend(const QColor& over, const QColor& base, double opacity)
{
    const auto mix = [opacity](int a, int b) {
        return static_cast<int>(std::lround(a * opacity + b * (1 - opacity)));
    };
    return {mix(over.red(), base.red()), mix(over.green(), base.green()),
        mix(over.blue(), base.blue())};
}

} // namespace moe::shell
