// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_reduction.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace moe::plots {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Equal as bits, so that NaN equals NaN.
bool same(std::span<const double> a, std::span<const double> b)
{
    return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

} // namespace

// Data of the same length is compared whole (a frame without news has time for it); of longer data
// a few points, because a run that goes on only ever appends.
bool ReducedCurve::onlyGrew(std::span<const double> x, std::span<const double> y) const
{
    const size_t size = m_x.size();
    if (x.size() < size || size == 0)
        return false;
    if (x.size() == size)
        return same(x, m_x) && same(y, m_y);
    constexpr size_t kProbes = 16;
    for (size_t probe = 0; probe <= kProbes; ++probe) {
        const size_t i = probe * (size - 1) / kProbes;
        if (!same(x.subspan(i, 1), std::span(m_x).subspan(i, 1))
            || !same(y.subspan(i, 1), std::span(m_y).subspan(i, 1)))
            return false;
    }
    return true;
}

void ReducedCurve::assign(std::span<const double> x, std::span<const double> y)
{
    const size_t size = std::min(x.size(), y.size());
    x = x.first(size);
    y = y.first(size);
    if (!onlyGrew(x, y)) {
        m_x.clear();
        m_y.clear();
        m_levels.clear();
    }
    append(x.subspan(m_x.size()), y.subspan(m_y.size()));
}

void ReducedCurve::merge(Block& into, Block from) const
{
    if (from.low == kNone)
        return;
    if (into.low == kNone) {
        into = from;
        return;
    }
    if (m_y[from.low] < m_y[into.low])
        into.low = from.low;
    if (m_y[from.high] > m_y[into.high])
        into.high = from.high;
}

void ReducedCurve::append(std::span<const double> x, std::span<const double> y)
{
    const size_t first = m_x.size();
    m_x.insert(m_x.end(), x.begin(), x.end());
    m_y.insert(m_y.end(), y.begin(), y.end());
    for (size_t i = first; i < m_x.size(); ++i) {
        const uint32_t at = std::isfinite(m_y[i]) ? uint32_t(i) : kNone;
        while ((size_t(1) << (m_levels.size() + kFirstShift)) <= i + 1)
            m_levels.emplace_back();
        for (size_t level = 0; level < m_levels.size(); ++level) {
            auto& blocks = m_levels[level];
            const size_t block = i >> (level + kFirstShift);
            if (blocks.empty() && block == 0 && i > 0) // a level that has just come to be
                for (size_t j = 0; j < i; ++j) {
                    const Block one = std::isfinite(m_y[j]) ? Block{uint32_t(j), uint32_t(j)}
                                                            : Block{kNone, kNone};
                    if (blocks.empty())
                        blocks.push_back(one);
                    else
                        merge(blocks.back(), one);
                }
            if (block == blocks.size())
                blocks.push_back({at, at});
            else
                merge(blocks[block], {at, at});
        }
    }
}

std::pair<size_t, size_t> ReducedCurve::indices(double low, double high) const
{
    const auto first = std::lower_bound(m_x.begin(), m_x.end(), low);
    const auto last = std::upper_bound(first, m_x.end(), high);
    return {size_t(first - m_x.begin()), size_t(last - m_x.begin())};
}

std::optional<size_t> ReducedCurve::nearest(double x) const
{
    if (m_x.empty())
        return {};
    const size_t above = size_t(std::lower_bound(m_x.begin(), m_x.end(), x) - m_x.begin());
    if (above == 0)
        return 0;
    if (above == m_x.size())
        return above - 1;
    return m_x[above] - x < x - m_x[above - 1] ? above : above - 1;
}

std::optional<std::pair<double, double>> ReducedCurve::bounds(double low, double high) const
{
    auto [i, end] = indices(low, high);
    Block all{kNone, kNone};
    while (i < end) {
        int level = -1; // the largest whole block that starts here
        while (level + 1 < int(m_levels.size())) {
            const size_t length = size_t(1) << (level + 1 + kFirstShift);
            if (i % length != 0 || i + length > end)
                break;
            ++level;
        }
        if (level < 0) {
            if (std::isfinite(m_y[i]))
                merge(all, {uint32_t(i), uint32_t(i)});
            ++i;
        } else {
            merge(all, m_levels[size_t(level)][i >> (level + kFirstShift)]);
            i += size_t(1) << (level + kFirstShift);
        }
    }
    if (all.low == kNone)
        return {};
    return std::pair{m_y[all.low], m_y[all.high]};
}

void ReducedCurve::reduce(
    double low, double high, const PixelMap& map, std::vector<QPointF>& line) const
{
    line.clear();
    auto [first, end] = indices(low, high);
    first -= first > 0 ? 1 : 0;
    end += end < m_x.size() ? 1 : 0;
    if (first >= end)
        return;
    const auto point = [&](size_t i) {
        line.emplace_back(map.x(m_x[i]), map.y(m_y[i]));
    };
    const double pixels = std::max(1.0, map.x(m_x[end - 1]) - map.x(m_x[first]));
    const double perPixel = double(end - first) / pixels;
    if (perPixel < double(1 << kFirstShift) || m_levels.empty()) {
        for (size_t i = first; i < end; ++i)
            point(i);
        return;
    }
    const int level = std::min(int(m_levels.size()) - 1, int(std::log2(perPixel)) - kFirstShift);
    const int shift = level + kFirstShift;
    const auto& blocks = m_levels[size_t(level)];
    Block column{kNone, kNone};
    double columnPixel = std::floor(map.x(m_x[first]));
    const auto flush = [&] {
        if (column.low == kNone) {
            line.emplace_back(kNaN, kNaN);
            return;
        }
        point(std::min(column.low, column.high));
        if (column.low != column.high)
            point(std::max(column.low, column.high));
    };
    for (size_t block = first >> shift; block <= (end - 1) >> shift; ++block) {
        const double pixel = std::floor(map.x(m_x[block << shift]));
        if (pixel != columnPixel) {
            flush();
            column = {kNone, kNone};
            columnPixel = pixel;
        }
        merge(column, blocks[block]);
    }
    flush();
}

} // namespace moe::plots
