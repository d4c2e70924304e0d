// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// Screenshots of both plots in light and dark, for people to hold beside the design; the checks are
// that they are saved and that the pieces which make them readable are there.
#include "tests/support/folders.h"
#include "tests/ui/plots/sample_run.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QDir>
#include <QTest>

using namespace moe;
using namespace moe::plots;

namespace {

constexpr int kSteps = 18240, kLayers = 52, kSick = 37;

const std::vector<EventMarker> kMarkers = [] {
    std::vector<EventMarker> markers{{3000, 1, false}, {16904, 2, true}};
    for (int step = 1000; step <= 18000; step += 1000)
        markers.push_back({double(step), 0, false});
    return markers;
}();

void fillDropRates(TimeSeriesPlot& plot)
{
    const shell::Theme& theme = shell::theme();
    const std::vector<double> x = sample::steps(kSteps);
    std::vector<std::vector<double>> all;
    for (int layer = 0; layer < kLayers; ++layer) {
        const double depth = double(layer) / (kLayers - 1);
        all.push_back(sample::dropRate(kSteps, depth, layer == kSick, uint32_t(layer)));
        CurveStyle style;
        style.name = QStringLiteral("layer %1").arg(layer);
        style.color = shell::Theme::blend(theme.layer(depth), theme.base, 0.55);
        style.width = 0.8;
        style.inLegend = false;
        plot.setData(plot.addCurve(style), x, all.back());
    }
    CurveStyle chosen;
    chosen.name = QStringLiteral("layer %1").arg(kSick);
    chosen.color = theme.series[1];
    chosen.width = 1.4;
    chosen.endLabel = true;
    plot.setData(plot.addCurve(chosen), x, all[kSick]);
    CurveStyle mean = chosen;
    mean.name = QStringLiteral("mean");
    mean.color = theme.text;
    mean.width = 2;
    plot.setData(plot.addCurve(mean), x, sample::meanOf(all));
    plot.setYDecimals(2, 100);
    plot.setMarkers(kMarkers, true);
}

void fillLoss(TimeSeriesPlot& plot)
{
    const shell::Theme& theme = shell::theme();
    const std::vector<double> x = sample::steps(kSteps);
    CurveStyle style;
    style.name = QStringLiteral("raw");
    style.color = shell::Theme::blend(theme.series[0], theme.base, 0.35);
    style.width = 0.8;
    style.raw = true;
    plot.setData(plot.addCurve(style), x, sample::loss(kSteps, 0, 0.03, 1));
    style = {QStringLiteral("train"), theme.series[0]};
    plot.setData(plot.addCurve(style), x, sample::loss(kSteps, 0, 0.003, 2));
    style = {QStringLiteral("validation"), theme.series[1]};
    style.dashed = style.points = true;
    std::vector<double> vx, vy;
    for (int step = 500; step <= 18000; step += 500) {
        vx.push_back(step);
        vy.push_back(sample::loss(kSteps, 0.03, 0, 1)[size_t(step)]);
    }
    plot.setData(plot.addCurve(style), vx, vy);
    plot.setYDecimals(3);
    plot.setYRange(2.1, 3.1);
    plot.setMarkers(kMarkers, false);
}

} // namespace

class TestPlotLooks : public QObject {
    Q_OBJECT

    QString m_folder;
    void save(QWidget& widget, const QString& name)
    {
        const QString path = m_folder + QLatin1Char('/') + name + QStringLiteral(".png");
        QVERIFY2(widget.grab().save(path), qPrintable(path));
    }

private Q_SLOTS:
    void initTestCase()
    {
        QFont font(QStringLiteral("Noto Sans"));
        font.setPixelSize(13);
        QApplication::setFont(font);
        m_folder = tests::qInBuild("screenshots/plots");
        QVERIFY(QDir().mkpath(m_folder));
    }

    void screenshots_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }

    void screenshots()
    {
        QFETCH(bool, dark);
        shell::ThemeSource::install(
            *qApp, dark ? shell::ThemeChoice::Dark : shell::ThemeChoice::Light);
        const QString suffix = dark ? QStringLiteral("-dark") : QString();
        QWidget window;
        window.resize(842, 600);
        TimeSeriesPlot drops(&window), losses(&window), small(&window);
        drops.setGeometry(0, 0, 842, 183);
        losses.setGeometry(0, 190, 842, 190);
        small.setGeometry(0, 390, 280, 160);
        fillDropRates(drops);
        fillLoss(losses);
        small.setMargins(44, 25);
        CurveStyle style{QStringLiteral("grad_norm"), shell::theme().series[0]};
        std::vector<double> norm = sample::loss(kSteps, -1.7, 0.02, 3);
        small.setData(small.addCurve(style), sample::steps(kSteps), norm);
        small.setLimits({{1.0, QString()}});
        small.setMarkers(kMarkers, false);
        for (TimeSeriesPlot* plot : {&drops, &losses, &small})
            plot->setCrosshair(12480);
        window.setFocusPolicy(Qt::StrongFocus); // the pictures show no focus ring
        window.setFocus();
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QTest::qWait(50);
        save(window, QStringLiteral("time-series") + suffix);
        for (TimeSeriesPlot* plot : {&drops, &losses, &small})
            plot->setLive(true);
        QTest::qWait(50);
        save(window, QStringLiteral("time-series-live") + suffix);
    }

    void heatmaps_data() { screenshots_data(); }

    void heatmaps()
    {
        QFETCH(bool, dark);
        shell::ThemeSource::install(
            *qApp, dark ? shell::ThemeChoice::Dark : shell::ThemeChoice::Light);
        const QString suffix = dark ? QStringLiteral("-dark") : QString();
        HeatmapPlot plot(HeatmapPlot::Kind::LayersByExperts);
        HeatmapData data = sample::loads(kLayers, 16, 5);
        data.dead.assign(data.values.size(), 0);
        data.dead[kSick * 16 + 11] = 1;
        data.values[kSick * 16 + 11] = 0;
        data.values[4 * 16 + 4] = data.values[4 * 16 + 5] = std::nanf("");
        data.rowBars[kSick] = 0.0276F;
        plot.setData(data);
        plot.setRowLabels(QStringLiteral("Layer"), 4);
        plot.setSelectedRow(kSick);
        plot.setCapacityFactor(1.25);
        plot.setCellText([](int row, int column) {
            HeatmapPlot::CellText text;
            text.heading = QStringLiteral("Layer %1, expert %2").arg(row).arg(column);
            text.lines = {{QStringLiteral("Utilisation"), QStringLiteral("0.00, dead")},
                {QStringLiteral("Assignments a step"), QStringLiteral("0")},
                {QStringLiteral("Ideal a step"), QStringLiteral("262,144")},
                {QStringLiteral("Last assignment"), QStringLiteral("step 16,903")}};
            return text;
        });
        plot.resize(453, 764);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        QTest::qWait(50);
        save(plot, QStringLiteral("heatmap") + suffix);
        QWidget* canvas = plot.childAt(200, 200); // it covers the whole plot
        QTest::mouseMove(canvas, QPoint(5, 5));
        QTest::mouseMove(canvas, plot.pixelOf(kSick, 11).toPoint());
        auto* tip = plot.findChild<QWidget*>(QStringLiteral("cellTooltip"));
        QVERIFY(tip && tip->isVisible());
        save(*tip, QStringLiteral("tooltip") + suffix);
        tip->hide();

        data.scale = HeatmapScale::ShareDifference;
        for (float& value : data.values)
            value = 0.2F * (value - 1);
        data.dead.clear();
        data.rowBars.clear();
        plot.setReplyWords(true);
        plot.setDifferenceWords(QStringLiteral("right more"), QStringLiteral("left more"));
        plot.setSelectedRow(-1);
        plot.setCapacityFactor(std::nullopt);
        plot.resize(345, 764);
        plot.setData(data);
        QTest::qWait(50);
        save(plot, QStringLiteral("heatmap-difference") + suffix);

        HeatmapPlot time(HeatmapPlot::Kind::ExpertsOverSteps);
        HeatmapData over = sample::loads(16, 380, 6);
        over.rowBars.clear();
        over.columnStep = 48;
        for (int row = 0; row < 16; ++row) // neighbours in time resemble each other
            for (int column = 1; column < 380; ++column) {
                float& value = over.values[size_t(row) * 380 + size_t(column)];
                value = 0.9F * over.values[size_t(row) * 380 + size_t(column) - 1] + 0.1F * value
                    + 0.2F * (value - 1);
            }
        over.dead.assign(over.values.size(), 0);
        for (int column = 352; column < 380; ++column)
            over.dead[11 * 380 + size_t(column)] = 1;
        time.setData(over);
        time.setRowLabels(QStringLiteral("Expert"), 1);
        time.setSelectedRow(11);
        time.setMarkers(kMarkers);
        time.setCrosshair(15600);
        time.resize(890, 370);
        time.show();
        QVERIFY(QTest::qWaitForWindowExposed(&time));
        QTest::qWait(50);
        save(time, QStringLiteral("heatmap-steps") + suffix);
    }
};

QTEST_MAIN(TestPlotLooks)
#include "test_plot_looks.moc"
