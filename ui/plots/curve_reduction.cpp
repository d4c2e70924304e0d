// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_reduction.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace moe::plots {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The column of pixels; the point beyond an end of the plot may lie anywhere.
int columnOf(double pixel)
{
    constexpr double kFar = 1e6;
    const double near = std::clamp(pixel, -kFar, kFar);
    const int towardsZero = int(near);
    return towardsZero - (near < towardsZero ? 1 : 0);
}

/// Equal as bits, so that NaN equals NaN.
bool same(double a, double b)
{
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
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
    constexpr size_t kProbes = 16;
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
        ++m_generation;
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
    if (m_levels.empty() && m_x.size() >= size_t(1) << kFirstShift)
        m_levels.emplace_back();
    if (m_levels.empty() || m_x.size() == first)
        return;
    std::vector<Block>& finest = m_levels.front();
    for (size_t i = finest.empty() ? 0 : first; i < m_x.size(); ++i) {
        const Block one = blockOf(i);
        if (i >> kFirstShift == finest.size())
            finest.push_back(one);
        else
            finest.back().merge(one);
    }
    // Each level above from the one below it, as far as that changed.
    for (size_t level = 1; m_x.size() >> (level + kFirstShift) > 0; ++level) {
        if (level == m_levels.size())
            m_levels.emplace_back();
        const std::vector<Block>& below = m_levels[level - 1];
        std::vector<Block>& blocks = m_levels[level];
        blocks.resize(std::min(blocks.size(), first >> (level + kFirstShift)));
        for (size_t pair = 2 * blocks.size(); pair < below.size(); pair += 2) {
            blocks.push_back(below[pair]);
            if (pair + 1 < below.size())
                blocks.back().merge(below[pair + 1]);
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
    int pixel = columnOf(map.x(merged.x));
    while (++at <= last) {
        const int next = columnOf(map.x(blocks[at].x));
        if (next == pixel) {
            merged.merge(blocks[at]);
            continue;
        }
        column(pixel, merged);
        merged = blocks[at];
        pixel = next;
    }
    column(pixel, merged);
}

std::pair<size_t, size_t> ReducedCurve::drawn(double low, double high) const
{
    auto [first, end] = indices(low, high);
    return {first - (first > 0 ? 1 : 0), end + (end < m_x.size() ? 1 : 0)};
}

void ReducedCurve::reduce(
    double low, double high, const PixelMap& map, std::vector<QPointF>& line) const
{
    line.clear();
    const auto [first, end] = drawn(low, high);
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

ReducedCurve::Reach ReducedCurve::reach(double low, double high, const PixelMap& map) const
{
    const auto [first, end] = drawn(low, high);
    if (first >= end)
        return {};
    const int level = levelFor(first, end, map);
    const int shift = level < 0 ? 0 : level + kFirstShift;
    return {level, columnOf(map.x(m_x[(end - 1) >> shift << shift]))};
}

/// The first point that matters to runs from `column` on: that of the whole run before them.
size_t ReducedCurve::firstFrom(
    int column, int level, size_t first, size_t end, const PixelMap& map) const
{
    const int shift = level < 0 ? 0 : level + kFirstShift;
    const auto at = [&](size_t block) {
        return columnOf(map.x(m_x[block << shift]));
    };
    size_t low = first >> shift, high = ((end - 1) >> shift) + 1;
    while (low < high) { // the first block at `column` or later
        const size_t middle = low + (high - low) / 2;
        if (at(middle) < column)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == first >> shift)
        return first;
    --low;
    while (level >= 0 && low > first >> shift && at(low - 1) == at(low))
        --low;
    return std::max(first, low << shift);
}

void ReducedCurve::reduceToRuns(double low, double high, const PixelMap& map,
    std::vector<ColumnRun>& runs, int fromColumn) const
{
    runs.clear();
    auto [first, end] = drawn(low, high);
    if (first >= end)
        return;
    const int level = levelFor(first, end, map);
    if (fromColumn != kFirstColumn)
        first = firstFrom(fromColumn, level, first, end, map);
    bool joined = false;
    const auto add = [&](int pixel, const Block& block) {
        if (!block.empty())
            runs.push_back({pixel, map.y(block.high), map.y(block.low), joined});
        joined = !block.empty();
    };
    if (level >= 0) {
        forColumns(level, first, end, map, add);
        return;
    }
    for (size_t i = first; i < end; ++i)
        add(columnOf(map.x(m_x[i])), blockOf(i));
}

} // namespace moe::plots
