// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/plots/sample_run.h"
#include "ui/plots/plot_marks.h"
#include "ui/plots/time_series_plot.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QFile>
#include <QImage>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>
#include <QXmlStreamReader>

#include <cmath>
#include <limits>

using namespace moe;
using namespace moe::plots;

namespace {

double distance(QColor a, QColor b)
{
    return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green())
        + std::abs(a.blue() - b.blue());
}

/// Whether a pixel within `reach` of `at` has nearly this colour.
bool hasColor(const QImage& image, QPointF at, const QColor& color, int reach = 2)
{
    const double ratio = image.devicePixelRatio();
    for (int dy = -reach; dy <= reach; ++dy)
        for (int dx = -reach; dx <= reach; ++dx) {
            const QPoint p((at * ratio).toPoint() + QPoint(dx, dy));
            if (image.valid(p) && distance(image.pixelColor(p), color) < 40)
                return true;
        }
    return false;
}

} // namespace

class TestTimeSeriesPlot : public QObject {
    Q_OBJECT

    std::unique_ptr<QWidget> m_window;
    TimeSeriesPlot* m_plot = nullptr;
    QWidget* m_canvas = nullptr;
    std::vector<double> m_x, m_y;

    QImage shot()
    {
        QTest::qWait(30);
        return m_plot->grab().toImage();
    }

private Q_SLOTS:
    void initTestCase()
    {
        QFont font(QStringLiteral("Noto Sans"));
        font.setPixelSize(13);
        QApplication::setFont(font);
    }

    void init()
    {
        shell::ThemeSource::install(*qApp, shell::ThemeChoice::Light);
        m_window = std::make_unique<QWidget>();
        m_window->resize(700, 260);
        m_plot = new TimeSeriesPlot(m_window.get());
        m_plot->setGeometry(20, 20, 640, 200);
        m_x = sample::steps(4000);
        m_y.clear();
        for (const double x : m_x)
            m_y.push_back(2 + std::sin(x / 400));
        m_plot->addCurve({QStringLiteral("loss"), shell::theme().series[0]});
        m_plot->setData(0, m_x, m_y);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        m_window->activateWindow();
        QTest::qWait(30);
        m_canvas = m_plot->childAt(300, 100);
        QVERIFY(m_canvas);
    }

    void curvesLieWhereTheDataIs()
    {
        for (const bool live : {false, true}) {
            m_plot->setLive(live);
            const QImage image = shot();
            for (const double step : {200.0, 1000.0, 2500.0, 3900.0}) {
                const QPointF at = m_plot->pixelOf(step, *m_plot->valueAt(0, step));
                QVERIFY2(hasColor(image, at, shell::theme().series[0]),
                    qPrintable(QStringLiteral("step %1 live %2").arg(step).arg(live)));
                QVERIFY(!hasColor(image, at + QPointF(0, 25), shell::theme().series[0]));
            }
        }
    }

    void liveFollowsNewPoints()
    {
        m_plot->setLive(true);
        for (int i = 0; i < 500; ++i) {
            m_x.push_back(m_x.back() + 1);
            m_y.push_back(3.5);
        }
        m_plot->setData(0, m_x, m_y);
        const QImage image = shot();
        QVERIFY(hasColor(image, m_plot->pixelOf(4300, 3.5), shell::theme().series[0]));
        QVERIFY(m_plot->lastReplotMilliseconds() > 0);
    }

    /// A live plot writes only the columns that are new: its picture is that of a fresh one.
    void growingPictureIsThatOfAFreshOne()
    {
        const auto picture = [this](const std::vector<size_t>& sizes) {
            m_plot->clearCurves();
            for (int i = 0; i < 3; ++i)
                m_plot->addCurve({QString(), shell::theme().series[i]});
            m_plot->setLive(true);
            m_plot->setXRange(0, 4100);
            m_plot->setYRange(0, 4);
            for (const size_t size : sizes) {
                for (int i = 0; i < 3; ++i) {
                    std::vector<double> y;
                    for (const double x : m_x)
                        y.push_back(2 + std::sin((x + 40) * (i + 2) / (200 - 60 * i)));
                    y[y.size() / 2] = std::nan("");
                    m_plot->setData(i, std::span(m_x).first(size), std::span(y).first(size));
                }
                QTest::qWait(20);
            }
            return shot();
        };
        const size_t all = m_x.size();
        std::vector<size_t> sizes{3, 4, 9, 200, 201, 1990, 2003, all - 60};
        for (size_t size = all - 59; size <= all; ++size)
            sizes.push_back(size);
        const QImage grown = picture(sizes), fresh = picture({all});
        QCOMPARE(grown, fresh);
        const QColor last = shell::theme().series[2];
        QVERIFY(hasColor(grown, m_plot->pixelOf(m_x.back(), 2 + std::sin(4040 * 4 / 80.0)), last));
    }

    void gapsBreakTheLine()
    {
        for (size_t i = 1000; i < 2000; ++i)
            m_y[i] = std::nan("");
        m_plot->setData(0, m_x, m_y);
        for (const bool live : {false, true}) {
            m_plot->setLive(live);
            const QImage image = shot();
            const QPointF from = m_plot->pixelOf(1100, 2), to = m_plot->pixelOf(1900, 2);
            for (int x = int(from.x()); x < int(to.x()); x += 3)
                for (int y = 12; y < 176; y += 3)
                    QVERIFY(!hasColor(image, QPointF(x, y), shell::theme().series[0], 1));
        }
        QVERIFY(!m_plot->valueAt(0, 1500));
    }

    void legendFollowsTheCrosshair()
    {
        m_plot->setYDecimals(2, 100);
        QCOMPARE(m_plot->legend().size(), size_t(1));
        m_plot->setCrosshair(400);
        const double value = 100 * m_y[399];
        QCOMPARE(m_plot->legend()[0].value, QString::number(value, 'f', 2));
        m_plot->setCrosshair(std::nullopt);
        QCOMPARE(m_plot->legend()[0].value, QString::number(100 * m_y.back(), 'f', 2));
        m_plot->setVisible(0, false);
        QVERIFY(m_plot->legend().empty());
    }

    void mouseMovesTheCrosshair()
    {
        QSignalSpy moved(m_plot, &TimeSeriesPlot::crosshairMoved);
        const QPointF at = m_plot->pixelOf(1234, 2);
        QTest::mouseMove(m_canvas, QPoint(80, 50));
        QTest::mouseMove(m_canvas, at.toPoint());
        QVERIFY(!moved.empty());
        const auto x = moved.last()[0].value<std::optional<double>>();
        QVERIFY(x && std::abs(*x - 1234) < 7);
        QCOMPARE(*x, std::round(*x)); // a step, not a pixel
        QVERIFY(hasColor(shot(), {at.x(), 100}, shell::theme().cross, 1));
    }

    void hoverDoesNotRedrawCurves()
    {
        (void)shot();
        QSignalSpy replots(m_canvas, SIGNAL(afterReplot()));
        QVERIFY(replots.isValid());
        for (int x = 100; x < 400; x += 10)
            QTest::mouseMove(m_canvas, QPoint(x, 80));
        QTest::qWait(30);
        QCOMPARE(replots.size(), 0);
    }

    void pillHidesLabelsUnderIt()
    {
        const QPointF at = m_plot->pixelOf(2000, 2);
        m_plot->setCrosshair(2000);
        const QImage image = shot();
        const QPointF below(at.x() - 20, 196);
        QVERIFY(hasColor(image, {at.x() - 30, 190}, shell::theme().cross, 2));
        QVERIFY(!hasColor(image, below + QPointF(-25, 0), shell::theme().text3, 2));
    }

    void markersAreClickable()
    {
        m_plot->setMarkers({{1000, 1, false}, {3000, 2, true}, {2000, 0, false}}, true);
        const QImage image = shot();
        QSignalSpy clicked(m_plot, &TimeSeriesPlot::markerClicked);
        const QPoint first(qRound(m_plot->pixelOf(1000, 2).x()), 15);
        const QPoint second(qRound(m_plot->pixelOf(3000, 2).x()), 15);
        QTest::mouseClick(m_canvas, Qt::LeftButton, {}, first);
        QTest::mouseClick(m_canvas, Qt::LeftButton, {}, second);
        QTest::mouseClick(m_canvas, Qt::LeftButton, {}, QPoint(first.x() + 40, 15));
        QTest::mouseClick(m_canvas, Qt::LeftButton, {}, QPoint(first.x(), 100));
        QCOMPARE(clicked.size(), 2);
        QCOMPARE(clicked[0][0].toInt(), 1);
        QCOMPARE(clicked[1][0].toInt(), 2);
        QVERIFY(hasColor(image, second, shell::theme().warn, 8));
        QVERIFY(hasColor(image, m_plot->pixelOf(1000, 1.3), shell::theme().text, 3));
        const QPointF axis = m_plot->pixelOf(2000, 2);
        QVERIFY(hasColor(image, {axis.x(), 178}, shell::theme().text3, 2));
    }

    void crowdedMarkersAreThinned()
    {
        std::vector<EventMarker> markers;
        std::vector<double> pixels;
        for (int i = 0; i < 300; ++i) { // a marker a pixel, found by the engine
            markers.push_back({double(i), i + 1, true});
            pixels.push_back(50 + i);
        }
        markers[203].warning = false; // steered: stands whatever is near
        const ShownMarkers shown = thinMarkers(markers, pixels);
        QVERIFY(shown.flags.size() > 5);
        QVERIFY(std::count(shown.flags.begin(), shown.flags.end(), size_t(203)) == 1);
        for (size_t i = 1; i < shown.flags.size(); ++i)
            QVERIFY(pixels[shown.flags[i]] - pixels[shown.flags[i - 1]] >= 14);
        QVERIFY(shown.lines.size() > shown.flags.size());
        for (size_t i = 1; i < shown.lines.size(); ++i)
            QVERIFY(pixels[shown.lines[i]] - pixels[shown.lines[i - 1]] > 3);
        // outside and checkpoints: neither
        QVERIFY(thinMarkers({{1, 1, true}, {2, 0, false}}, {std::nan(""), 5}).lines.empty());
    }

    void keysZoomAndGoBack()
    {
        m_plot->setFocus();
        QTRY_VERIFY(m_plot->hasFocus());
        QSignalSpy ranges(m_plot, &TimeSeriesPlot::xRangeChanged);
        QSignalSpy resets(m_plot, &TimeSeriesPlot::xRangeReset);
        const double before = m_plot->pixelOf(2000, 2).x() - m_plot->pixelOf(1000, 2).x();
        QTest::keyClick(m_plot, Qt::Key_Plus);
        QCOMPARE(ranges.size(), 1);
        const double zoomed = m_plot->pixelOf(2000, 2).x() - m_plot->pixelOf(1000, 2).x();
        QVERIFY(zoomed > 1.2 * before);
        QTest::keyClick(m_plot, Qt::Key_Plus);
        QTest::keyClick(m_plot, Qt::Key_Backspace);
        QVERIFY(
            std::abs(m_plot->pixelOf(2000, 2).x() - m_plot->pixelOf(1000, 2).x() - zoomed) < 1e-6);
        QTest::keyClick(m_plot, Qt::Key_Home);
        QCOMPARE(resets.size(), 1);
        QVERIFY(
            std::abs(m_plot->pixelOf(2000, 2).x() - m_plot->pixelOf(1000, 2).x() - before) < 1e-6);
        m_plot->setCrosshair(2000);
        QTest::keyClick(m_plot, Qt::Key_Right);
        QVERIFY(*m_plot->crosshair() > 2000 && *m_plot->crosshair() < 2020);
        QTest::keyClick(m_plot, Qt::Key_Left);
        QTest::keyClick(m_plot, Qt::Key_Left);
        QVERIFY(*m_plot->crosshair() < 2000);
        QVERIFY(m_plot->accessibleDescription().contains(QStringLiteral("loss")));
    }

    void wheelZoomsOnlyWithControl()
    {
        QSignalSpy ranges(m_plot, &TimeSeriesPlot::xRangeChanged);
        const QPointF at = m_plot->pixelOf(3000, 2);
        const auto turn = [&](Qt::KeyboardModifiers modifiers) {
            QWheelEvent event(at, m_canvas->mapToGlobal(at), {}, QPoint(0, 120), Qt::NoButton,
                modifiers, Qt::NoScrollPhase, false);
            QApplication::sendEvent(m_canvas, &event);
        };
        turn({});
        QCOMPARE(ranges.size(), 0);
        turn(Qt::ControlModifier);
        QCOMPARE(ranges.size(), 1);
        QVERIFY(std::abs(m_plot->pixelOf(3000, 2).x() - at.x()) < 1); // about the cursor
    }

    void dragPansAndShiftDragBoxes()
    {
        QSignalSpy ranges(m_plot, &TimeSeriesPlot::xRangeChanged);
        const double before = m_plot->pixelOf(2000, 2).x();
        QTest::mousePress(m_canvas, Qt::LeftButton, {}, QPoint(300, 90));
        QTest::mouseMove(m_canvas, QPoint(280, 90));
        QTest::mouseMove(m_canvas, QPoint(240, 90));
        QTest::mouseRelease(m_canvas, Qt::LeftButton, {}, QPoint(240, 90));
        QVERIFY(!ranges.empty());
        QVERIFY(std::abs(m_plot->pixelOf(2000, 2).x() - (before - 60)) < 2);
        m_plot->setFocus();
        QTest::keyClick(m_plot, Qt::Key_Home);
        const QPoint from = m_plot->pixelOf(1000, 2.8).toPoint();
        const QPoint to = m_plot->pixelOf(2000, 1.6).toPoint();
        QTest::mousePress(m_canvas, Qt::LeftButton, Qt::ShiftModifier, from);
        QTest::mouseMove(m_canvas, (from + to) / 2);
        QTest::mouseMove(m_canvas, to);
        QTest::mouseRelease(m_canvas, Qt::LeftButton, Qt::ShiftModifier, to);
        const double low = ranges.last()[0].toDouble(), high = ranges.last()[1].toDouble();
        QVERIFY(std::abs(low - 1000) < 10 && std::abs(high - 2000) < 10);
        QVERIFY(std::abs(m_plot->pixelOf(1500, 1.6).y() - 180) < 4);
    }

    void themeChangesRepaint()
    {
        const QImage light = shot();
        shell::ThemeSource::install(*qApp, shell::ThemeChoice::Dark);
        const QImage dark = shot();
        QVERIFY(hasColor(light, {60, 4}, QColor(Qt::white), 0));
        QVERIFY(hasColor(dark, {60, 4}, shell::theme().base, 0));
    }

    void focusShows()
    {
        m_plot->clearFocus();
        QVERIFY(!hasColor(shot(), {300, 0}, shell::theme().accent, 1));
        m_plot->setFocus();
        QTRY_VERIFY(m_plot->hasFocus());
        QVERIFY(hasColor(shot(), {300, 0}, shell::theme().accent, 1));
    }

    void limitsAndEndLabels()
    {
        m_plot->setLimits({{2.5, QStringLiteral("clip")}});
        m_plot->setStyle(
            0, {QStringLiteral("loss"), shell::theme().series[0], 1.6, false, false, true});
        const QImage image = shot();
        QVERIFY(hasColor(image, m_plot->pixelOf(2000, 2.5), shell::theme().text2, 6));
        bool label = false;
        for (int x = 588; x < 630; ++x)
            label = label
                || hasColor(image, {double(x), m_plot->pixelOf(0, m_y.back()).y()},
                    shell::theme().series[0], 4);
        QVERIFY(label);
    }

    void exportsReadBack()
    {
        QTemporaryDir folder;
        const QString csv = folder.filePath(QStringLiteral("a.csv"));
        m_y[7] = std::nan("");
        m_y[8] = 1.0 / 3;
        m_plot->setData(0, m_x, m_y);
        const std::vector<double> sparseX{2.5, 9, 5000}, sparseY{1e-300, -7, 3e8};
        m_plot->setData(
            m_plot->addCurve({QStringLiteral("valid, \"x\""), Qt::red}), sparseX, sparseY);
        QVERIFY(m_plot->exportCsv(csv));
        QFile file(csv);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
        QCOMPARE(lines[0], QByteArray("step,loss,\"valid, \"\"x\"\"\""));
        QCOMPARE(lines.size(), 1 + 4000 + 2);
        int point = 0, sparse = 0;
        for (const QByteArray& line : lines.sliced(1)) {
            const QList<QByteArray> cells = line.split(',');
            QCOMPARE(cells.size(), 3);
            if (point < 4000 && cells[0].toDouble() == m_x[size_t(point)]) {
                const double y = m_y[size_t(point++)];
                QVERIFY(std::isnan(y) ? cells[1].isEmpty() : cells[1].toDouble() == y);
            }
            if (sparse < 3 && cells[0].toDouble() == sparseX[size_t(sparse)])
                QCOMPARE(cells[2].toDouble(), sparseY[size_t(sparse++)]);
        }
        QCOMPARE(point, 4000);
        QCOMPARE(sparse, 3);

        const QString png = folder.filePath(QStringLiteral("a.png"));
        QVERIFY(m_plot->exportPng(png, 3));
        QCOMPARE(QImage(png).size(), QSize(1920, 600));

        const QString svg = folder.filePath(QStringLiteral("a.svg"));
        QVERIFY(m_plot->exportSvg(svg));
        QFile svgFile(svg);
        QVERIFY(svgFile.open(QIODevice::ReadOnly));
        QXmlStreamReader reader(&svgFile);
        QString text;
        int polylines = 0;
        while (!reader.atEnd()) {
            reader.readNext();
            if (reader.isCharacters())
                text += reader.text();
            polylines += reader.isStartElement() && reader.name() == QLatin1String("polyline");
            QVERIFY(!(reader.isStartElement() && reader.name() == QLatin1String("image")));
        }
        QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
        QVERIFY(text.contains(QStringLiteral("1,000"))); // text, not outlines
        QVERIFY(polylines > 0);
        QVERIFY(!m_plot->exportCsv(QStringLiteral("/nonexistent/a.csv")));
        QVERIFY(!m_plot->exportSvg(QStringLiteral("/nonexistent/a.svg")));
    }

    void emptyAndOddData()
    {
        m_plot->clearCurves();
        (void)shot();
        const int curve = m_plot->addCurve({QStringLiteral("odd"), Qt::red});
        const std::vector<double> one{5}, nan{std::nan("")},
            infinite{std::numeric_limits<double>::infinity()};
        for (const auto& y : {one, nan, infinite}) {
            m_plot->setData(curve, one, y);
            for (const bool live : {true, false}) {
                m_plot->setLive(live);
                (void)shot();
            }
        }
        QCOMPARE(m_plot->legend().size(), size_t(1));
        QCOMPARE(m_plot->legend()[0].value, QStringLiteral("—"));
        m_plot->setXRange(10, 5);
        m_plot->setYRange(3, 1);
        (void)shot();
        m_plot->resize(10, 10);
        (void)shot();
    }
};

QTEST_MAIN(TestTimeSeriesPlot)
#include "test_time_series_plot.moc"
