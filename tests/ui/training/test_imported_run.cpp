// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "workspace_fixture.h"

#include "engine/telemetry/run_store.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"
#include "ui/training/number_field.h"
#include "ui/training/plot_panel.h"
#include "ui/training/steering_panel.h"

#include <QFile>
#include <QHelpEvent>
#include <QLabel>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>
#include <QToolTip>
#include <QtTest>

#include <cmath>

using namespace moe;

/// A record of another program: layers 10 and 11 alone, with 2 and 64 experts, no run file, and
/// counts that it did not write.
class TestImportedRun : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        for (const auto& [name, steps] :
            {std::pair("mixed.jsonl", kSteps), std::pair("short.jsonl", 7)}) {
            QFile file(m_folder.filePath(QLatin1String(name)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            for (int step = 1; step <= steps; ++step)
                file.write(line(step));
        }
    }

    void init()
    {
        ++m_store;
        m_window = std::make_unique<WorkspaceWindow>(path());
        m_window->show(1600, 972);
        QSignalSpy shown(m_window->workspace, &training::TrainingWorkspace::stepShown);
        m_window->workspace->importPath(m_folder.filePath(QStringLiteral("mixed.jsonl")));
        QTRY_VERIFY_WITH_TIMEOUT(!shown.isEmpty(), 60'000);
        QTRY_COMPARE(m_window->find<QLabel>("runName")->text(), QStringLiteral("mixed"));
    }

    void cleanup() { m_window.reset(); }

    void drawsTheExpertsOfTheOpenedLayer();
    void opensTheLayerOfTheRunInFront();
    void saysWhatIsNotKnownOfDrops();
    void leavesExpertsThatAreNotThereEmpty();
    void callsRowsByTheirLayer();
    void showsNoSettingsWithoutARunFile();
    void saysWhenNothingIsClipped();

private:
    static constexpr int kSteps = 40, kExperts = 64, kShare = 1000;

    /// Expert 1 of layer 10 has twice what expert 0 has; those of layer 11 are alike.
    static QByteArray line(int step)
    {
        QByteArray loads;
        for (int expert = 0; expert < kExperts; ++expert)
            loads += (expert > 0 ? "," : "") + QByteArray::number(kShare);
        return R"({"step": )" + QByteArray::number(step) + R"(, "loss": )"
            + QByteArray::number(9 - 0.1 * step) + R"(, "grad_norm": 0.7, "layers": [)"
            + R"({"layer": 10, "load": [1000, 2000], "assignments": 3000, "drop_rate": 0.05}, )"
            + R"({"layer": 11, "load": [)" + loads + "]}]}\n";
    }

    std::filesystem::path path() const
    {
        return (m_folder.path() + QStringLiteral("/store%1.sqlite").arg(m_store)).toStdString();
    }

    /// Name and unit, as the title's tooltip says them.
    QString gradientTitle() const
    {
        for (training::PlotPanel* panel : m_window->window.findChildren<training::PlotPanel*>()) {
            if (panel->plot().objectName() != QStringLiteral("gradNormPlot"))
                continue;
            QHelpEvent asked(QEvent::ToolTip, {4, 4}, panel->mapToGlobal(QPoint(4, 4)));
            QApplication::sendEvent(&panel->titleBar(), &asked);
            return QToolTip::text().section(QLatin1Char('\n'), 0, 0);
        }
        return {};
    }

    QTemporaryDir m_folder;
    int m_store = 0;
    std::unique_ptr<WorkspaceWindow> m_window;
};

void TestImportedRun::drawsTheExpertsOfTheOpenedLayer()
{
    auto* map = m_window->find<plots::HeatmapPlot>("expertsOverTime");
    auto* lines = m_window->find<plots::TimeSeriesPlot>("utilisationPlot");
    for (const auto& [layer, experts] : {std::pair(10, 2), std::pair(11, kExperts)}) {
        m_window->workspace->selectLayer(layer);
        QTRY_COMPARE(map->data().rows, experts);
        QTRY_COMPARE(map->data().columns, kSteps);
        QTRY_COMPARE(lines->curves(), experts);
    }
    m_window->workspace->selectLayer(10);
    QTRY_COMPARE(lines->curves(), 2);
    QTest::qWait(200);
    m_window->save(QStringLiteral("imported-layer.png"));
    // The line of the hottest expert first, then that of the chosen one.
    QTRY_COMPARE(static_cast<float>(lines->valueAt(0, kSteps).value_or(0)), 2000.0F / 1500);
    QCOMPARE(static_cast<float>(lines->valueAt(1, kSteps).value_or(0)), 1000.0F / 1500);
}

void TestImportedRun::opensTheLayerOfTheRunInFront()
{
    auto* map = m_window->find<plots::HeatmapPlot>("expertsOverTime");
    m_window->workspace->selectLayer(10);
    QTRY_COMPARE(map->data().columns, kSteps);
    m_window->workspace->showDashboard();
    m_window->workspace->importPath(m_folder.filePath(QStringLiteral("short.jsonl")));
    QTRY_COMPARE_WITH_TIMEOUT(
        m_window->find<QLabel>("runName")->text(), QStringLiteral("short"), 20'000);
    m_window->workspace->selectLayer(10);
    QTRY_COMPARE(map->data().columns, 7);
}

void TestImportedRun::saysWhatIsNotKnownOfDrops()
{
    auto* figures = m_window->find<QLabel>("layerFigures");
    m_window->workspace->selectLayer(10);
    QTRY_VERIFY2(
        figures->text().contains(QStringLiteral(">5.00\u202F%<")), qPrintable(figures->text()));
    m_window->workspace->selectLayer(11);
    QTRY_VERIFY2(
        figures->text().contains(QStringLiteral("Drop rate&nbsp;<b")), qPrintable(figures->text()));
    QTRY_VERIFY2(!figures->text().contains(QLatin1Char('%')), qPrintable(figures->text()));
    const std::vector<float>& bars
        = m_window->find<plots::HeatmapPlot>("loadHeatmap")->data().rowBars;
    QCOMPARE(bars[0], 0.05F);
    QVERIFY(std::isnan(bars[1]));
}

void TestImportedRun::leavesExpertsThatAreNotThereEmpty()
{
    auto* map = m_window->find<plots::HeatmapPlot>("loadHeatmap");
    QTRY_COMPARE(map->data().rows, 2);
    QCOMPARE(map->data().columns, kExperts);
    QCOMPARE(map->data().values[1], 2000.0F / 1500);
    for (int expert = 2; expert < kExperts; ++expert) {
        QVERIFY(std::isnan(map->data().values[static_cast<size_t>(expert)]));
        QCOMPARE(map->data().dead[static_cast<size_t>(expert)], uint8_t(0));
    }
    QCOMPARE(map->data().values[kExperts], 1.0F);
    QTest::qWait(200);
    m_window->save(QStringLiteral("imported.png"));
    m_window->workspace->selectLayer(10);
    auto* table = m_window->find<QTableView>("expertTable");
    QTRY_COMPARE(table->model()->rowCount(), 2);
    QVERIFY(m_window->find<QLabel>("layerFigures")->text().contains(QStringLiteral("0 of 2")));
}

void TestImportedRun::showsNoSettingsWithoutARunFile()
{
    QTest::qWait(200);
    auto* lr = m_window->find<training::NumberField>("lrField");
    auto* capacity = m_window->find<training::NumberField>("capacityField");
    QCOMPARE(lr->text(), QStringLiteral("—"));
    QCOMPARE(capacity->text(), QStringLiteral("—"));
    QVERIFY(lr->isReadOnly() && capacity->isReadOnly());
    for (training::NumberField* field : {lr, capacity}) { // and they look it
        QVERIFY(field->toolTip().startsWith(QStringLiteral("No run file")));
        const QImage picture = field->grab().toImage();
        QCOMPARE(
            picture.pixelColor(picture.width() - 6, picture.height() / 2), shell::theme().window);
    }
    for (const QLabel* label :
        m_window->window.findChild<training::SteeringPanel*>()->findChildren<QLabel*>())
        for (const char* invented : {"cosine", "probs", "skywork"})
            QVERIFY(!label->text().contains(QLatin1String(invented)));
    QCOMPARE(gradientTitle(), QStringLiteral("Gradient norm"));
    m_window->workspace->selectLayer(10);
    auto* table = m_window->find<QTableView>("expertTable");
    QTRY_COMPARE(table->model()->rowCount(), 2);
    QCOMPARE(
        table->model()->index(1, 5).data().toString(), QString()); // 1.33: no capacity, not hot
}

void TestImportedRun::saysWhenNothingIsClipped()
{
    telemetry::StepRecord step;
    step.step = 1;
    step.gradNorm = 0.5;
    int64_t number = 1;
    for (const auto& [value, words] :
        {std::pair("null", "not clipped"), std::pair("2.5", "clipped at 2.5")}) {
        int64_t run = 0;
        {
            telemetry::RunStore store(path());
            run = store.createRun("clip " + std::to_string(number++),
                std::string(R"({"optimizer": {"clip_grad": )") + value + "}}", 10);
            store.append(run, {std::make_shared<const telemetry::Message>(step)});
            store.setState(run, telemetry::RunState::Done);
        }
        m_window->workspace->openRun(QString::number(run));
        QTRY_COMPARE_WITH_TIMEOUT(
            gradientTitle(), QStringLiteral("Gradient norm, ") + QLatin1String(words), 10'000);
    }
}

void TestImportedRun::callsRowsByTheirLayer()
{
    auto* map = m_window->find<plots::HeatmapPlot>("loadHeatmap");
    QTRY_COMPARE(map->data().rows, 2);
    QCOMPARE(map->data().rowIds, (std::vector<int>{10, 11}));
    const QString csv = m_folder.filePath(QStringLiteral("load.csv"));
    QVERIFY(map->exportCsv(csv));
    QFile file(csv);
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    QVERIFY(file.readLine().startsWith("10,"));
    QVERIFY(file.readLine().startsWith("11,"));
    QTest::mouseClick(m_window->find<QToolButton>("loadTableButton"), Qt::LeftButton);
    auto* table = m_window->find<QTableView>("loadTable");
    QTRY_COMPARE(table->model()->rowCount(), 2);
    QCOMPARE(table->model()->headerData(1, Qt::Vertical).toString(), QStringLiteral("Layer 11"));
    QVERIFY(table->model()
                ->index(0, 0)
                .data(Qt::AccessibleTextRole)
                .toString()
                .startsWith(QStringLiteral("Layer 10")));
}

QTEST_MAIN(TestImportedRun)
#include "test_imported_run.moc"
