// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/axis_ticks.h"
#include "ui/plots/curve_reduction.h"
#include "ui/plots/heatmap_frame.h"
#include "ui/plots/plot_marks.h"

#include <QRandomGenerator>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace moe::plots;

namespace {

struct Data {
    std::vector<double> x, y;
};

Data randomWalk(std::mt19937& random, size_t size)
{
    std::normal_distribution<double> noise;
    Data data;
    double x = 0, y = 0;
    for (size_t i = 0; i < size; ++i) {
        x += 0.1 + std::abs(noise(random));
        y += noise(random);
        data.x.push_back(x);
        data.y.push_back(random() % 50 == 0 ? std::nan("") : y);
    }
    return data;
}

/// Least and greatest y in each pixel column, from all points.
std::pair<double, double> plainBounds(const Data& data, double low, double high)
{
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (size_t i = 0; i < data.x.size(); ++i)
        if (data.x[i] >= low && data.x[i] <= high && !std::isnan(data.y[i])) {
            least = std::min(least, data.y[i]);
            most = std::max(most, data.y[i]);
        }
    return {least, most};
}

PixelMap mapOnto(const Data& data, double pixels)
{
    PixelMap map;
    map.xScale = pixels / (data.x.back() - data.x.front());
    map.xOrigin = -data.x.front() * map.xScale;
    return map;
}

} // namespace

class TestCurveReduction : public QObject {
    Q_OBJECT

    std::mt19937 m_random;

private Q_SLOTS:
    void initTestCase()
    {
        const quint32 seed = QRandomGenerator::global()->generate();
        qInfo("seed %u", seed);
        m_random.seed(seed);
    }

    void everyColumnKeepsItsExtrema()
    {
        for (const size_t size : {1, 3, 4, 5, 63, 64, 1000, 20000}) {
            const Data data = randomWalk(m_random, size);
            ReducedCurve curve;
            curve.assign(data.x, data.y);
            const PixelMap map = mapOnto(data, size == 1 ? 1 : 200);
            std::vector<QPointF> line;
            curve.reduce(data.x.front(), data.x.back(), map, line);
            // Whatever is drawn is a point of the data …
            for (const QPointF& point : line) {
                if (std::isnan(point.y()))
                    continue;
                const auto at = curve.nearest((point.x() - map.xOrigin) / map.xScale);
                QVERIFY(at && data.y[*at] == point.y());
            }
            // … and no extremum of a stretch of columns is lost (blocks may straddle a boundary).
            for (int column = 0; column + 8 <= 200 && size >= 64; column += 8) {
                const double low = (column - map.xOrigin) / map.xScale;
                const double high = (column + 8 - map.xOrigin) / map.xScale;
                const auto [least, most] = plainBounds(data, low, high);
                double drawnLeast = 1e300, drawnMost = -1e300;
                for (const QPointF& point : line)
                    if (point.x() > column - 2 && point.x() < column + 10) {
                        drawnLeast = std::min(drawnLeast, point.y());
                        drawnMost = std::max(drawnMost, point.y());
                    }
                if (least <= most)
                    QVERIFY(drawnLeast <= least && drawnMost >= most);
            }
        }
    }

    void cost()
    {
        const Data data = randomWalk(m_random, 20000);
        ReducedCurve curve;
        curve.assign(data.x, data.y);
        std::vector<QPointF> line;
        curve.reduce(data.x.front(), data.x.back(), mapOnto(data, 734), line);
        QVERIFY2(line.size() <= 1472, qPrintable(QString::number(line.size())));
        QVERIFY(line.size() > 734);
        std::vector<ColumnRun> runs;
        curve.reduceToRuns(data.x.front(), data.x.back(), mapOnto(data, 734), runs);
        QVERIFY(runs.size() <= 736);
        const auto [least, most] = plainBounds(data, -1e300, 1e300);
        const auto top = std::max_element(runs.begin(), runs.end(),
            [](const ColumnRun& a, const ColumnRun& b) { return a.top < b.top; });
        QCOMPARE(top->top, most); // this map's y is the value itself
        Q_UNUSED(least)
    }

    void boundsEqualAPlainScan()
    {
        const Data data = randomWalk(m_random, 5000);
        ReducedCurve curve;
        curve.assign(data.x, data.y);
        std::uniform_real_distribution<double> at(-10, data.x.back() + 10);
        for (int i = 0; i < 500; ++i) {
            double low = at(m_random), high = at(m_random);
            if (low > high)
                std::swap(low, high);
            const auto [least, most] = plainBounds(data, low, high);
            const auto bounds = curve.bounds(low, high);
            QCOMPARE(bounds.has_value(), least <= most);
            if (bounds) {
                QCOMPARE(bounds->first, least);
                QCOMPARE(bounds->second, most);
            }
        }
    }

    void appendingEqualsAssigning()
    {
        const Data data = randomWalk(m_random, 3000);
        ReducedCurve grown, whole;
        for (size_t size = 1; size <= data.x.size(); size += 1 + m_random() % 40)
            grown.assign(std::span(data.x).first(size), std::span(data.y).first(size));
        grown.assign(data.x, data.y);
        whole.assign(data.x, data.y);
        std::vector<QPointF> a, b;
        grown.reduce(data.x.front(), data.x.back(), mapOnto(data, 97), a);
        whole.reduce(data.x.front(), data.x.back(), mapOnto(data, 97), b);
        QCOMPARE(a.size(), b.size());
        for (size_t i = 0; i < a.size(); ++i)
            QVERIFY(a[i] == b[i] || (std::isnan(a[i].y()) && std::isnan(b[i].y())));
    }

    void runsFromAColumnOnAreTheLastOfAll()
    {
        for (const size_t size : {2, 30, 700, 5000, 20000}) {
            const Data data = randomWalk(m_random, size);
            ReducedCurve curve;
            curve.assign(data.x, data.y);
            const PixelMap map = mapOnto(data, 300);
            std::vector<ColumnRun> all, some;
            curve.reduceToRuns(data.x.front(), data.x.back(), map, all);
            for (int i = 0; i < 20; ++i) {
                const int column = int(m_random() % 310) - 5;
                curve.reduceToRuns(data.x.front(), data.x.back(), map, some, column);
                const auto wanted = size_t(std::count_if(all.begin(), all.end(),
                    [column](const ColumnRun& run) { return run.column >= column; }));
                QVERIFY(some.size() >= wanted && all.size() >= wanted);
                for (size_t back = 1; back <= wanted; ++back) {
                    const ColumnRun& a = all[all.size() - back];
                    const ColumnRun& b = some[some.size() - back];
                    QCOMPARE(b.column, a.column);
                    QCOMPARE(b.top, a.top);
                    QCOMPARE(b.bottom, a.bottom);
                    if (back < some.size()) // else nothing stands before it
                        QCOMPARE(b.joined, a.joined);
                }
            }
        }
    }

    void otherDataReplacesWhatWasThere()
    {
        const Data data = randomWalk(m_random, 100);
        ReducedCurve curve;
        curve.assign(data.x, data.y);
        const std::vector<double> twice(100, 2.0);
        curve.assign(data.x, twice);
        QCOMPARE(*curve.bounds(-1e9, 1e9), std::pair(2.0, 2.0));
        curve.assign({}, {});
        QVERIFY(curve.empty());
        QVERIFY(!curve.bounds(0, 1) && !curve.nearest(0));
    }

    void ticks()
    {
        const auto value = [](double low, double high) {
            return tickStep(TickKind::Value, low, high, 134, 20);
        };
        QCOMPARE(value(0, 7), 2.0);
        QCOMPARE(value(0, 0.0112), 0.0025);
        QVERIFY(std::abs(value(2.1, 3.1) - 0.2) < 1e-12);
        QCOMPARE(value(0, 300), 100.0);
        const auto step = [](double last, double pixels) {
            return tickStep(TickKind::Step, 0, last, pixels, 62);
        };
        QCOMPARE(step(18240, 734), 3000.0);
        QCOMPARE(step(18240, 211), 6000.0);
        QCOMPARE(step(18240, 150), 9000.0);
        QCOMPARE(step(200, 734), 50.0);
        QCOMPARE(step(3, 734), 1.0); // no half steps
        QCOMPARE(numberText(12480, 0), QStringLiteral("12,480"));
        QCOMPARE(numberText(-0.5, 2), QStringLiteral("−0.50"));
        QCOMPARE(numberText(-0.0001, 2), QStringLiteral("0.00"));
        QCOMPARE(numberText(std::nan(""), 2), QStringLiteral("—"));
        QCOMPARE(durationText(40), QStringLiteral("40 s"));
        QCOMPARE(durationText(4800), QStringLiteral("1 h 20 min"));
        QCOMPARE(durationText(4 * 86400 + 5 * 3600 + 7), QStringLiteral("4 d 5 h"));
        QCOMPARE(barAxisEnd({0.012F, 0.0276F}), 3.0);
        QCOMPARE(barAxisEnd({std::nanf("")}), 1.0);
    }

    void endLabelsKeepApart()
    {
        std::vector<EndLabel> labels;
        for (const double y : {50.0, 52.0, 51.0, 3.0, 98.0, 97.0})
            labels.push_back({y, QString(), QColor(), false});
        spreadLabels(labels, 14, 7, 93);
        for (size_t i = 0; i < labels.size(); ++i) {
            QVERIFY(labels[i].y >= 7 && labels[i].y <= 93);
            if (i > 0)
                QVERIFY(labels[i].y - labels[i - 1].y >= 14 - 1e-9);
        }
    }
};

QTEST_GUILESS_MAIN(TestCurveReduction)
#include "test_curve_reduction.moc"
