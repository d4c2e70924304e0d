// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "../session/tiny_run.h"
#include "synthetic_run.h"
#include "workspace_fixture.h"

#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"
#include "ui/training/new_run_panel.h"
#include "ui/training/number_field.h"
#include "ui/training/readout_strip.h"

#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

using namespace moe;

/// A real run, trained behind the real workspace, driven by its buttons.
class TestRealRun : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void trainsPausesSteersAndStops();
    void keepsEveryStepWhileAnotherRunIsInFront();
};

void TestRealRun::trainsPausesSteersAndStops()
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    tiny::writeCorpus(path);
    WorkspaceWindow window(path / "store.sqlite");
    window.show(1600, 972);
    QSignalSpy shown(window.workspace, &training::TrainingWorkspace::stepShown);
    QSignalSpy finished(window.workspace, &training::TrainingWorkspace::finished);
    QSignalSpy failed(window.workspace, &training::TrainingWorkspace::failed);
    auto* form = window.find<training::NewRunPanel>("newRunPanel");
    Q_EMIT form->startRequested(
        std::make_shared<const train::RunFile>(tiny::runFile(path, 1'000'000)));
    QVERIFY(window.workspace->isTraining());
    QTRY_VERIFY_WITH_TIMEOUT(!shown.isEmpty(), 60'000);
    QTRY_COMPARE(window.find<QLabel>("runName")->text(), QStringLiteral("tiny"));
    QTRY_COMPARE(window.find<plots::HeatmapPlot>("loadHeatmap")->data().rows, 2);
    auto* runs = window.find<QTableView>("runTable");
    QTRY_COMPARE(runs->model()->rowCount(), 1);

    auto* pause = window.find<QPushButton>("pauseButton");
    QTRY_VERIFY(pause->isEnabled());
    QTest::mouseClick(pause, Qt::LeftButton);
    QTRY_COMPARE(pause->text(), QStringLiteral("Go on"));
    QTRY_VERIFY(window.find<QLabel>("runState")->text().startsWith(QStringLiteral("Paused")));
    QTest::mouseClick(pause, Qt::LeftButton);
    QTRY_COMPARE(pause->text(), QStringLiteral("Pause"));

    auto* xi = window.find<training::NumberField>("xiField");
    xi->setFocus();
    xi->selectAll();
    QTest::keyClicks(xi, QStringLiteral("0.45"));
    QTest::mouseClick(window.find<QPushButton>("applyLaw"), Qt::LeftButton);
    auto* events = window.find<QTableView>("eventTable");
    const auto steered = [&] {
        for (int row = 0; row < events->model()->rowCount(); ++row) {
            if (events->model()->index(row, 1).data().toString()
                == QStringLiteral("ξ 0.20 → 0.45, by you"))
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(steered(), 20'000);

    // A layer opened while the run goes on keeps growing.
    window.workspace->selectLayer(1);
    QTRY_COMPARE(window.find<QLabel>("layerName")->text(), QStringLiteral("Layer 1"));
    auto* map = window.find<plots::HeatmapPlot>("expertsOverTime");
    QTRY_VERIFY_WITH_TIMEOUT(map->data().columns > 20, 20'000);
    QTest::qWait(300);
    window.save(QStringLiteral("real-layer.png"));
    window.workspace->showDashboard();
    QTest::qWait(300);
    window.save(QStringLiteral("real.png"));

    QTest::mouseClick(window.find<QPushButton>("stopTrainingButton"), Qt::LeftButton);
    QVERIFY(finished.wait(60'000));
    QTRY_VERIFY(window.find<QLabel>("runState")->text().startsWith(QStringLiteral("Stopped")));
    QVERIFY(!pause->isEnabled());
    QVERIFY2(failed.isEmpty(), failed.isEmpty() ? "" : qPrintable(failed[0][0].toString()));
}

void TestRealRun::keepsEveryStepWhileAnotherRunIsInFront()
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    tiny::writeCorpus(path);
    {
        telemetry::RunStore store(path / "store.sqlite");
        synthetic::writePlain(store, "other", 50, 0, telemetry::RunState::Done);
    }
    WorkspaceWindow window(path / "store.sqlite");
    window.show(1600, 972);
    QSignalSpy shown(window.workspace, &training::TrainingWorkspace::stepShown);
    QSignalSpy finished(window.workspace, &training::TrainingWorkspace::finished);
    Q_EMIT window.find<training::NewRunPanel>("newRunPanel")
        ->startRequested(std::make_shared<const train::RunFile>(tiny::runFile(path, 1'000'000)));
    QTRY_VERIFY_WITH_TIMEOUT(shown.size() > 20, 60'000);
    auto* name = window.find<QLabel>("runName");
    for (int turn = 0; turn < 3; ++turn) {
        window.workspace->openRun(QStringLiteral("other"));
        QTRY_COMPARE_WITH_TIMEOUT(name->text(), QStringLiteral("other"), 10'000);
        QTest::qWait(300 + 250 * turn);
        window.workspace->openRun(QStringLiteral("tiny"));
        QTRY_COMPARE_WITH_TIMEOUT(name->text(), QStringLiteral("tiny"), 10'000);
        QTest::qWait(300);
        // A change at once seen among the events, and once only.
        auto* xi = window.find<training::NumberField>("xiField");
        xi->setFocus();
        xi->selectAll();
        QTest::keyClicks(xi, QStringLiteral("0.%1").arg(3 + turn));
        QTest::mouseClick(window.find<QPushButton>("applyLaw"), Qt::LeftButton);
        QTest::qWait(100);
    }
    QTest::mouseClick(window.find<QPushButton>("stopTrainingButton"), Qt::LeftButton);
    QVERIFY(finished.wait(60'000));

    const QString csv = folder.filePath(QStringLiteral("loss.csv"));
    QVERIFY(window.find<plots::TimeSeriesPlot>("gradNormPlot")->exportCsv(csv));
    QFile file(csv);
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    qint64 step = 0;
    while (!file.atEnd()) {
        const qint64 next = file.readLine().split(',')[0].toLongLong();
        QCOMPARE(next, step + 1);
        step = next;
    }
    const telemetry::RunStore store(path / "store.sqlite", telemetry::RunStore::Mode::ReadOnly);
    const telemetry::RunInfo run = store.find("tiny");
    QCOMPARE(step, static_cast<qint64>(run.steps));
    // The table tells an expert's deaths in a row once: they are left out on both sides.
    int told = 0, happened = 0;
    const QAbstractItemModel* events = window.find<QTableView>("eventTable")->model();
    for (int row = 0; row < events->rowCount(); ++row)
        told += !events->index(row, 1).data().toString().endsWith(QStringLiteral("dead"));
    for (const telemetry::RunEvent& event : store.events(run.id))
        happened += event.kind != "dead_expert";
    QCOMPARE(told, happened);
}

QTEST_MAIN(TestRealRun)
#include "test_real_run.moc"
