// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>

#include <climits>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace moe::plots {

/// Where values lie on the screen: pixel = origin + value × scale, along each axis.
struct PixelMap {
    double xOrigin = 0, xScale = 1, yOrigin = 0, yScale = 1;
    double x(double value) const { return xOrigin + value * xScale; }
    double y(double value) const { return yOrigin + value * yScale; }
};

/// What a curve covers of one column of device pixels: heights from `top` to `bottom`.
struct ColumnRun {
    int column;
    double top, bottom;
    bool joined; ///< to the run before; false after a gap
};

/// The points of one curve with a pyramid of extrema above them: blocks of 4, 8, 16, … points, each
/// with its least and its greatest value. Appending a point costs one visit a level; drawing walks
/// blocks no wider than a pixel, so its cost follows the width of the plot and not the length of
/// the run, and can be limited to the columns that new points changed.
class ReducedCurve {
public:
    /// x rises; NaN in y is a gap. Longer data whose front, former tail and a few points between
    /// are what is already here counts as grown: only what is new is copied.
    void assign(std::span<const double> x, std::span<const double> y);

    std::span<const double> x() const { return m_x; }
    std::span<const double> y() const { return m_y; }
    bool empty() const { return m_x.empty(); }
    int generation() const { return m_generation; } ///< points were replaced, not added

    /// Index of the point nearest to x; none when there are no points.
    std::optional<size_t> nearest(double x) const;
    /// Least and greatest finite y with x in [low, high].
    std::optional<std::pair<double, double>> bounds(double low, double high) const;

    /// The line to draw for x in [low, high] (and one point beyond either end), in pixels: every
    /// point while there are fewer than four a pixel, else the least and the greatest of each pixel
    /// column in the order in which they came. A point whose y is NaN breaks the line.
    void reduce(double low, double high, const PixelMap& map, std::vector<QPointF>& line) const;

    /// The same as runs of pixels, for hard-edged lines: those of all columns from `fromColumn` on,
    /// whole, and the one before them that they are joined to.
    void reduceToRuns(double low, double high, const PixelMap& map, std::vector<ColumnRun>& runs,
        int fromColumn = kFirstColumn) const;
    static constexpr int kFirstColumn = INT_MIN;

    /// What reduceToRuns() looks at: the level of its blocks (−1: points) and the column of the
    /// last of them. While the level stays, points that are added change no column before it.
    struct Reach {
        int level = -1, column = kFirstColumn;
    };
    Reach reach(double low, double high, const PixelMap& map) const;

private:
    struct Block {
        double x; ///< of its first point
        double low, high; ///< infinities the wrong way round: nothing but NaN
        uint32_t lowAt, highAt;
        bool empty() const { return low > high; }
        void merge(const Block& other);
    };
    static constexpr int kFirstShift = 2; ///< blocks of four points are the finest

    bool onlyGrew(std::span<const double> x, std::span<const double> y) const;
    void append(std::span<const double> x, std::span<const double> y);
    Block blockOf(size_t point) const;
    std::pair<size_t, size_t> indices(double low, double high) const;
    std::pair<size_t, size_t> drawn(double low, double high) const; ///< one point beyond each end
    size_t firstFrom(int column, int level, size_t first, size_t end, const PixelMap& map) const;
    /// The coarsest level whose blocks are no wider than a pixel; −1: points are wider apart.
    int levelFor(size_t first, size_t end, const PixelMap& map) const;
    /// Hands each pixel column of the level's blocks to `column(pixel, block)`.
    template <class Column>
    void forColumns(int level, size_t first, size_t end, const PixelMap& map, Column column) const;

    int m_generation = 0;
    std::vector<double> m_x, m_y;
    std::vector<std::vector<Block>> m_levels; ///< level l: blocks of 2^(l + kFirstShift) points
};

} // namespace moe::plots
