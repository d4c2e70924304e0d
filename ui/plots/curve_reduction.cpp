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
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Equal as bits, so that NaN equals NaN.
bool same(double a, double b)
{
    return std::memcmp(&a, &b, sizeof a) == 0;
}

} // namespace

// Of longer data a few points stand for all: a run that goes on only appends, and whatever else
// changes a curve (its smoothing, another run in its place, steps replaced after a checkpoint)
// changes nearly all of it or its tail. Values of the same length are compared whole: a frame
// without news has time for it.
bool ReducedCurve::onlyGrew(std::span<const double> x, std::span<const double> y) const
{
    const size_t size = m_x.size();
    if (x.size() < size || size == 0)
        return false;
    constexpr size_t kProbes = 64;
    for (size_t probe = 0; probe <= kProbes; ++probe) {
        const size_t i = probe * (size - 1) / kProbes;
        if (!same(x[i], m_x[i]) || !same(y[i], m_y[i]))
            return false;
    }
    return x.size() > size || std::memcmp(y.data(), m_y.data(), size * sizeof(double)) == 0;
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

void ReducedCurve::Block::merge(const Block& other)
{
    if (other.low < low) {
        low = other.low;
        lowAt = other.lowAt;
    }
    if (other.high > high) {
        high = other.high;
        highAt = other.highAt;
    }
}

ReducedCurve::Block ReducedCurve::blockOf(size_t point) const
{
    const double y = m_y[point];
    const auto at = static_cast<uint32_t>(point);
    if (!std::isfinite(y))
        return {m_x[point], kInfinity, -kInfinity, at, at};
    return {m_x[point], y, y, at, at};
}

void ReducedCurve::append(std::span<const double> x, std::span<const double> y)
{
    const size_t first = m_x.size();
    m_x.insert(m_x.end(), x.begin(), x.end());
    m_y.insert(m_y.end(), y.begin(), y.end());
    for (size_t i = first; i < m_x.size(); ++i) {
        const Block one = blockOf(i);
        for (size_t level = 0; level < m_levels.size(); ++level) {
            const size_t block = i >> (level + kFirstShift);
            if (block == m_levels[level].size())
                m_levels[level].push_back(one);
            else
                m_levels[level][block].merge(one);
        }
        if (i + 1 != size_t(1) << (m_levels.size() + kFirstShift))
            continue;
        Block all = blockOf(0); // everything so far fills the first block of a new level
        for (size_t j = 1; j <= i; ++j)
            all.merge(blockOf(j));
        m_levels.push_back({all});
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
    Block all{0, kInfinity, -kInfinity, 0, 0};
    while (i < end) {
        int level = -1; // the largest whole block that starts here
        while (level + 1 < int(m_levels.size())) {
            const size_t length = size_t(1) << (level + 1 + kFirstShift);
            if (i % length != 0 || i + length > end)
                break;
            ++level;
        }
        if (level < 0) {
            all.merge(blockOf(i));
            ++i;
        } else {
            all.merge(m_levels[size_t(level)][i >> (level + kFirstShift)]);
            i += size_t(1) << (level + kFirstShift);
        }
    }
    if (all.empty())
        return {};
    return std::pair{all.low, all.high};
}

int ReducedCurve::levelFor(size_t first, size_t end, const PixelMap& map) const
{
    const double pixels = std::max(1.0, map.x(m_x[end - 1]) - map.x(m_x[first]));
    const double perPixel = double(end - first) / pixels;
    if (perPixel < double(1 << kFirstShift))
        return -1;
    return std::min(int(m_levels.size()) - 1, int(std::log2(perPixel)) - kFirstShift);
}

template <class Column>
void ReducedCurve::forColumns(
    int level, size_t first, size_t end, const PixelMap& map, Column column) const
{
    const int shift = level + kFirstShift;
    const std::vector<Block>& blocks = m_levels[size_t(level)];
    size_t at = first >> shift;
    const size_t last = (end - 1) >> shift;
    Block merged = blocks[at];
    double pixel = std::floor(map.x(merged.x));
    while (++at <= last) {
        const double next = std::floor(map.x(blocks[at].x));
        if (next == pixel) {
            merged.merge(blocks[at]);
            continue;
        }
        column(int(pixel), merged);
        merged = blocks[at];
        pixel = next;
    }
    column(int(pixel), merged);
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
    const int level = levelFor(first, end, map);
    if (level < 0) {
        for (size_t i = first; i < end; ++i)
            point(i);
        return;
    }
    forColumns(level, first, end, map, [&](int, const Block& block) {
        if (block.empty()) {
            line.emplace_back(kNaN, kNaN);
            return;
        }
        point(std::min(block.lowAt, block.highAt));
        if (block.lowAt != block.highAt)
            point(std::max(block.lowAt, block.highAt));
    });
}

void ReducedCurve::reduceToRuns(
    double low, double high, const PixelMap& map, std::vector<ColumnRun>& runs) const
{
    runs.clear();
    auto [first, end] = indices(low, high);
    first -= first > 0 ? 1 : 0;
    end += end < m_x.size() ? 1 : 0;
    if (first >= end)
        return;
    bool joined = false;
    const auto add = [&](int pixel, const Block& block) {
        if (!block.empty())
            runs.push_back({pixel, map.y(block.high), map.y(block.low), joined});
        joined = !block.empty();
    };
    const int level = levelFor(first, end, map);
    if (level >= 0) {
        forColumns(level, first, end, map, add);
        return;
    }
    constexpr double kFar = 1e6; // the point beyond an end may lie anywhere
    for (size_t i = first; i < end; ++i)
        add(int(std::clamp(std::floor(map.x(m_x[i])), -kFar, kFar)), blockOf(i));
}

} // namespace moe::plots
