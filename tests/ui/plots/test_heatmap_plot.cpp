// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/plots/sample_run.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/shell/theme.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QFile>
#include <QImage>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include <cmath>

using namespace moe;
using namespace moe::plots;

namespace {

constexpr int kRows = 52, kColumns = 16;

bool near(QColor a, QColor b, int tolerance = 6)
{
    return std::abs(a.red() - b.red()) <= tolerance && std::abs(a.green() - b.green()) <= tolerance
        && std::abs(a.blue() - b.blue()) <= tolerance;
}

int count(const QImage& image, QRectF where, const QColor& color)
{
    int found = 0;
    for (int y = int(where.top()); y < int(where.bottom()); ++y)
        for (int x = int(where.left()); x < int(where.right()); ++x)
            found += image.valid(x, y) && near(image.pixelColor(x, y), color, 20) ? 1 : 0;
    return found;
}

struct SvgFacts {
    bool wellFormed = false;
    int images = 0, rects = 0;
    QString text;
};

SvgFacts readSvg(const QString& path)
{
    SvgFacts facts;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return facts;
    QXmlStreamReader reader(&file);
    while (!reader.atEnd()) {
        reader.readNext();
        if (reader.isCharacters())
            facts.text += reader.text();
        facts.images += reader.isStartElement() && reader.name() == QLatin1String("image");
        facts.rects += reader.isStartElement() && reader.name() == QLatin1String("rect");
    }
    facts.wellFormed = !reader.hasError();
    return facts;
}

} // namespace

class TestHeatmapPlot : public QObject {
    Q_OBJECT

    std::unique_ptr<HeatmapPlot> m_plot;
    QWidget* m_canvas = nullptr;
    HeatmapData m_data;

    QImage shot()
    {
        QTest::qWait(30);
        return m_plot->grab().toImage();
    }
    QRectF cell(int row, int column)
    {
        const QRectF map = m_plot->mapRect();
        const double w = map.width() / kColumns, h = map.height() / kRows;
        return {map.left() + column * w, map.top() + row * h, w, h};
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
        m_plot = std::make_unique<HeatmapPlot>(HeatmapPlot::Kind::LayersByExperts);
        m_data = sample::loads(kRows, kColumns, 11);
        m_data.dead.assign(m_data.values.size(), 0);
        m_data.dead[20 * kColumns + 5] = 1;
        m_data.values[30 * kColumns + 7] = std::nanf("");
        m_plot->setData(m_data);
        m_plot->setRowLabels(QStringLiteral("Layer"), 4);
        m_plot->resize(453, 764);
        m_plot->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_plot.get()));
        m_plot->activateWindow();
        QTest::qWait(30);
        m_canvas = m_plot->childAt(200, 200);
        QVERIFY(m_canvas);
    }

    /// The words of a difference and the sign of a mask in the narrowest place that they have.
    void legendOfADifferenceStaysInside()
    {
        HeatmapData data = m_data;
        data.scale = HeatmapScale::ShareDifference;
        data.masked.assign(data.values.size(), 0);
        data.masked[3] = 1;
        m_plot->setReplyWords(true);
        m_plot->setDifferenceWords(
            QStringLiteral("branch 1 more"), QStringLiteral("this branch more"));
        m_plot->setData(data);
        m_plot->resize(252, 500);
        QTest::qWait(50);
        const QImage image = shot();
        const int below = qRound(m_plot->mapRect().bottom()) + 40;
        QVERIFY(below < image.height());
        for (int y = below; y < image.height(); ++y)
            for (int x = image.width() - 3; x < image.width(); ++x)
                QCOMPARE(image.pixelColor(x, y), image.pixelColor(1, y));
    }

    void cellsAreWholePixelsInTheirColours()
    {
        m_plot->clearFocus();
        const QImage image = shot();
        const QRectF map = m_plot->mapRect();
        QCOMPARE(map.width(), 21.0 * kColumns); // as drawn in the design
        QCOMPARE(map.height(), 13.0 * kRows);
        for (int row = 0; row < kRows; ++row)
            for (int column = 0; column < kColumns; ++column) {
                const size_t i = size_t(row) * kColumns + size_t(column);
                if (m_data.dead[i] || std::isnan(m_data.values[i]))
                    continue;
                const QColor want = shell::theme().utilisation(double(m_data.values[i]));
                const QRectF rect = cell(row, column);
                QVERIFY(rect.contains(m_plot->pixelOf(row, column)));
                for (const QPointF& at :
                    {rect.topLeft(), rect.center(), rect.bottomRight() - QPointF(1, 1)})
                    QVERIFY2(near(image.pixelColor(at.toPoint()), want),
                        qPrintable(QStringLiteral("row %1 column %2").arg(row).arg(column)));
            }
    }

    void deadIsHatchedAndNoDataIsDotted()
    {
        m_plot->clearFocus();
        const QImage image = shot();
        const shell::Theme& theme = shell::theme();
        const QRectF dead = cell(20, 5);
        QVERIFY(count(image, dead, theme.hatch) > 60); // frame and lines
        QVERIFY(count(image, dead, theme.base) > 30);
        QVERIFY(near(image.pixelColor(dead.topLeft().toPoint()), theme.hatch, 20));
        const QRectF none = cell(30, 7);
        const int dots = count(image, none, theme.text3);
        QVERIFY2(dots > 3 && dots < 60, qPrintable(QString::number(dots)));
        QVERIFY(count(image, none, theme.base) > 180);
    }

    void hotAndColdSurviveNarrowCells()
    {
        HeatmapData wide = sample::loads(8, 4096, 3);
        std::fill(wide.values.begin(), wide.values.end(), 1.0F);
        wide.values[3 * 4096 + 1234] = 2.0F;
        m_plot->setData(wide);
        m_plot->clearFocus();
        const QImage image = shot();
        QVERIFY(count(image, m_plot->mapRect(), shell::theme().utilisation(2)) > 0);
    }

    void selectedRowIsFramedAndItsBarColoured()
    {
        m_plot->clearFocus();
        const shell::Theme& theme = shell::theme();
        const QRectF bars(m_plot->mapRect().right() + 8, m_plot->mapRect().top(), 70, 676);
        QCOMPARE(count(shot(), bars, theme.series[1]), 0);
        m_plot->setSelectedRow(10);
        const QImage image = shot();
        QCOMPARE(m_plot->selectedRow(), 10);
        QVERIFY(count(image, bars, theme.series[1]) > 30);
        const QRectF row = cell(10, 0);
        QVERIFY(count(image, QRectF(row.left(), row.top() - 2, 336, 3), theme.text) > 300);
    }

    void mouseAndKeysOpenRows()
    {
        m_plot->setCellText([](int row, int column) {
            return HeatmapPlot::CellText{QStringLiteral("Layer %1, expert %2").arg(row).arg(column),
                {{QStringLiteral("Utilisation"), QStringLiteral("1.00")}}};
        });
        QSignalSpy activated(m_plot.get(), &HeatmapPlot::rowActivated);
        QSignalSpy hovered(m_plot.get(), &HeatmapPlot::cellHovered);
        QTest::mouseMove(m_canvas, QPoint(3, 3));
        QTest::mouseMove(m_canvas, m_plot->pixelOf(12, 3).toPoint());
        QVERIFY(!hovered.empty());
        QCOMPARE(hovered.last(), QVariantList({12, 3}));
        auto* tip = m_plot->findChild<QWidget*>(QStringLiteral("cellTooltip"));
        QVERIFY(tip && tip->isVisible());
        QTest::mouseMove(m_canvas, QPoint(3, 3));
        QCOMPARE(hovered.last(), QVariantList({-1, -1}));
        QVERIFY(!tip->isVisible());
        QTest::mouseClick(m_canvas, Qt::LeftButton, {}, m_plot->pixelOf(37, 11).toPoint());
        QCOMPARE(activated.size(), 1);
        QCOMPARE(activated[0][0].toInt(), 37);

        m_plot->setFocus();
        QTRY_VERIFY(m_plot->hasFocus());
        QTest::keyClick(m_plot.get(), Qt::Key_Down);
        QTest::keyClick(m_plot.get(), Qt::Key_Right);
        QCOMPARE(hovered.last(), QVariantList({38, 12}));
        QVERIFY(m_plot->accessibleDescription().contains(QStringLiteral("Layer 38, expert 12")));
        const QRectF ring = cell(38, 12).adjusted(-2, -2, 2, 2);
        QVERIFY(count(shot(), ring, shell::theme().accent) > 100);
        QTest::keyClick(m_plot.get(), Qt::Key_Return);
        QCOMPARE(activated.size(), 2);
        QCOMPARE(activated[1][0].toInt(), 38);
        for (int i = 0; i < 100; ++i)
            QTest::keyClick(m_plot.get(), Qt::Key_Down);
        QCOMPARE(hovered.last(), QVariantList({51, 12}));
    }

    void overStepsSharesItsAxis()
    {
        HeatmapPlot plot(HeatmapPlot::Kind::ExpertsOverSteps);
        HeatmapData data = sample::loads(16, 1500, 4);
        data.rowBars.clear();
        data.columnStep = 12;
        plot.setData(data);
        plot.setMargins(34, 16);
        plot.resize(890, 370);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        QTest::qWait(30);
        QCOMPARE(plot.mapRect().left(), 34.0);
        QCOMPARE(plot.mapRect().right(), 874.0);
        QSignalSpy crossed(&plot, &HeatmapPlot::crosshairMoved);
        QWidget* canvas = plot.childAt(200, 100);
        QTest::mouseMove(canvas, QPoint(1, 1));
        QTest::mouseMove(canvas, plot.pixelOf(5, 750).toPoint());
        QVERIFY(!crossed.empty());
        const auto x = crossed.last()[0].value<std::optional<double>>();
        QVERIFY(x && std::abs(*x - 9000) <= 24);
        plot.setCrosshair(12000);
        QTest::qWait(30);
        const QImage image = plot.grab().toImage();
        QVERIFY(
            count(image, QRectF(plot.pixelOf(0, 1000).x() - 3, 100, 6, 20), shell::theme().cross)
            > 10);
        plot.setXRange(9000, 10000);
        QVERIFY(std::abs(plot.pixelOf(0, 750).x() - 34) < 8);
    }

    void exportsReadBack()
    {
        QTemporaryDir folder;
        const QString csv = folder.filePath(QStringLiteral("m.csv"));
        QVERIFY(m_plot->exportCsv(csv));
        QFile file(csv);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
        QCOMPARE(lines.size(), 1 + kRows);
        for (int row = 0; row < kRows; ++row) {
            const QList<QByteArray> cells = lines[row + 1].split(',');
            QCOMPARE(cells.size(), 1 + kColumns + 1);
            for (int column = 0; column < kColumns; ++column) {
                const float value = m_data.values[size_t(row) * kColumns + size_t(column)];
                QVERIFY(std::isnan(value) ? cells[column + 1].isEmpty()
                                          : cells[column + 1].toFloat() == value);
            }
            QCOMPARE(cells.last().toFloat(), m_data.rowBars[size_t(row)]);
        }
        const QString png = folder.filePath(QStringLiteral("m.png"));
        QVERIFY(m_plot->exportPng(png, 2));
        QCOMPARE(QImage(png).size(), QSize(906, 1528));

        const QString svg = folder.filePath(QStringLiteral("m.svg"));
        QVERIFY(m_plot->exportSvg(svg));
        const SvgFacts few = readSvg(svg);
        QVERIFY(few.wellFormed && few.rects >= kRows * kColumns);
        QVERIFY(few.text.contains(QStringLiteral("rectangles")));
        QVERIFY(few.text.contains(QStringLiteral("drop rate")));
        m_plot->setData(sample::loads(64, 512, 1));
        QVERIFY(m_plot->exportSvg(svg));
        const SvgFacts many = readSvg(svg);
        QVERIFY(many.wellFormed && many.images >= 1 && many.rects < 5000);
        QVERIFY(many.text.contains(QStringLiteral("raster")));
    }

    void emptyAndSmall()
    {
        m_plot->setData({});
        (void)shot();
        QTest::keyClick(m_plot.get(), Qt::Key_Down);
        QTest::keyClick(m_plot.get(), Qt::Key_Return);
        HeatmapData cut; // fewer values than the shape says
        cut.rows = 3;
        cut.columns = 4;
        cut.values = {1, 1};
        cut.rowBars = {0.1F};
        m_plot->setData(cut);
        m_plot->setShortWords(true);
        m_plot->setSelectedRow(99);
        (void)shot();
        m_plot->resize(20, 20);
        (void)shot();
    }

    void themeChangesRepaint()
    {
        shell::ThemeSource::install(*qApp, shell::ThemeChoice::Dark);
        const QColor want = shell::theme().utilisation(double(m_data.values[5 * kColumns + 5]));
        QVERIFY(near(shot().pixelColor(m_plot->pixelOf(5, 5).toPoint()), want));
    }

    void differencesDivergeAboutNought()
    {
        HeatmapData data = m_data;
        data.scale = HeatmapScale::ShareDifference;
        for (float& value : data.values)
            value = 0.2F * (value - 1); // at a utilisation's place of the colours
        m_plot->setData(data);
        m_plot->clearFocus();
        const QImage image = shot();
        for (const int row : {0, 7, 51}) {
            const QColor want
                = shell::theme().utilisation(double(m_data.values[size_t(row) * kColumns + 2]));
            QVERIFY(near(image.pixelColor(m_plot->pixelOf(row, 2).toPoint()), want, 6));
        }
        HeatmapTableModel model;
        data.values[0] = 0.0449F;
        data.values[1] = -0.2F;
        model.setData(data, QStringLiteral("Layer"));
        QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("+4.5\u202f%"));
        QCOMPARE(model.index(0, 1).data().toString(), QStringLiteral("−20.0\u202f%"));
        QCOMPARE(model.index(30, 7).data().toString(), QStringLiteral("—"));
    }

    void scaleLabelsKeepOffTheEdge()
    {
        HeatmapData data = m_data;
        data.rowBars.clear(); // the map is as wide as the plot then
        for (const HeatmapScale scale :
            {HeatmapScale::Utilisation, HeatmapScale::ShareDifference}) {
            data.scale = scale;
            m_plot->setData(data);
            m_plot->clearFocus();
            const QImage image = shot();
            const double top = m_plot->mapRect().bottom() + 1;
            const QRectF edge(image.width() - 6, top, 6, image.height() - top);
            QCOMPARE(count(image, edge, shell::theme().base), int(edge.width() * edge.height()));
        }
    }

    void tableTwin()
    {
        HeatmapTableModel model;
        QAbstractItemModelTester tester(
            &model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setData(m_data, QStringLiteral("Layer"));
        QCOMPARE(model.rowCount(), kRows);
        QCOMPARE(model.columnCount(), kColumns);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        m_data.values[0] = 1.234F;
        model.setData(m_data, QStringLiteral("Layer"));
        QCOMPARE(changed.size(), 1);
        QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("1.23"));
        QCOMPARE(model.index(0, 0).data(Qt::UserRole).toFloat(), 1.234F);
        QVERIFY(model.index(20, 5).data().toString().endsWith(QStringLiteral("dead")));
        QCOMPARE(model.index(30, 7).data().toString(), QStringLiteral("—"));
        QCOMPARE(model.headerData(3, Qt::Vertical, Qt::DisplayRole).toString(),
            QStringLiteral("Layer 3"));
        m_data.rows = 2;
        model.setData(m_data, QStringLiteral("Layer"));
        QCOMPARE(model.rowCount(), 2);
    }
};

QTEST_MAIN(TestHeatmapPlot)
#include "test_heatmap_plot.moc"
