// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "../session/tiny_run.h"
#include "synthetic_run.h"
#include "workspace_fixture.h"

#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

using namespace moe;

/// Whole ways through the window as a person goes them: a run typed into the form, stopped and
/// resumed; the probe texts; what the message bar says of failures and of dead experts.
class TestByHand : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void trainsWhatWasTypedAndResumesIt();
    void namesTheRemedyOfAFailedRun();
    void choosesAProbeText();
    void countsDeadExperts();
    void laysRunsOverEachOther();
    void keepsNoOpenFormInTheLayout();

private:
    static void type(const WorkspaceWindow& window, const char* key, const QString& text)
    {
        auto* field = window.find<QLineEdit>((std::string("key_") + key).c_str());
        QVERIFY2(field, key);
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, text);
    }

    /// The form filled for a model of two small layers.
    static void fillForm(WorkspaceWindow& window, const QString& folder, const QString& steps)
    {
        QFile config(folder + QStringLiteral("/config.json"));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write(R"({"architectures": ["SkyworkForCausalLM"], "model_type": "skywork",
 "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
 "num_attention_heads": 2, "num_key_value_heads": 2, "num_experts": [4],
 "num_experts_per_tok": 2, "moe_use_logits_norm": true, "rms_norm_eps": 1e-6,
 "max_position_embeddings": 64})");
        config.close();
        window.registry.find(QStringLiteral("run.new"))->trigger();
        auto* preset = window.find<QComboBox>("presetBox");
        QTRY_VERIFY(preset->isVisible());
        preset->setCurrentIndex(preset->findData(QString()));
        type(window, "name", QStringLiteral("typed"));
        type(window, "model", folder + QStringLiteral("/config.json"));
        type(window, "data.train", folder + QStringLiteral("/corpus"));
        type(window, "data.valid", folder + QStringLiteral("/corpus"));
        type(window, "sequence_length", QStringLiteral("32"));
        type(window, "micro_batch_size", QStringLiteral("2"));
        type(window, "global_batch_size", QStringLiteral("4"));
        type(window, "train_steps", steps);
        type(window, "optimizer.lr", QStringLiteral("1e-3"));
        type(window, "checkpoint.dir", folder + QStringLiteral("/out"));
    }

    static QMenu* menuOfRun(const WorkspaceWindow& window, int row)
    {
        auto* table = window.find<QTableView>("runTable");
        Q_EMIT table->customContextMenuRequested(
            table->visualRect(table->model()->index(row, 0)).center());
        return qobject_cast<QMenu*>(QApplication::activePopupWidget());
    }

    static void choose(QMenu* menu, const QString& words)
    {
        QVERIFY(menu);
        for (QAction* action : menu->actions()) {
            if (action->text() == words) {
                QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
                return;
            }
        }
        QFAIL(qPrintable(words));
    }
};

void TestByHand::trainsWhatWasTypedAndResumesIt()
{
    QTemporaryDir folder;
    tiny::writeCorpus(folder.path().toStdString());
    WorkspaceWindow window((folder.path() + QStringLiteral("/store.sqlite")).toStdString());
    window.show(1600, 972);
    QSignalSpy finished(window.workspace, &training::TrainingWorkspace::finished);
    QSignalSpy failed(window.workspace, &training::TrainingWorkspace::failed);
    fillForm(window, folder.path(), QStringLiteral("1000000"));
    auto* start = window.find<QPushButton>("startRun");
    QTRY_VERIFY2_WITH_TIMEOUT(
        start->isEnabled(), qPrintable(window.find<QLabel>("newRunVerdict")->text()), 10'000);
    QTest::mouseClick(start, Qt::LeftButton);
    QVERIFY(window.workspace->isTraining());
    QTRY_COMPARE_WITH_TIMEOUT(
        window.find<QLabel>("runName")->text(), QStringLiteral("typed"), 30'000);
    auto* map = window.find<plots::HeatmapPlot>("loadHeatmap");
    QTRY_COMPARE_WITH_TIMEOUT(map->data().rows, 2, 30'000);
    QTest::mouseClick(window.find<QPushButton>("stopTrainingButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!finished.isEmpty(), 60'000);
    auto* state = window.find<QLabel>("runState");
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith(QStringLiteral("Stopped")), 10'000);

    // The run goes on from where it was stopped.
    auto* runs = window.find<QTableView>("runTable");
    QTRY_COMPARE(runs->model()->rowCount(), 1);
    choose(menuOfRun(window, 0), QStringLiteral("Resume from the last checkpoint"));
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith(QStringLiteral("Running")), 30'000);
    auto* events = window.find<QTableView>("eventTable");
    const auto resumed = [&] {
        for (int row = 0; row < events->model()->rowCount(); ++row) {
            if (events->model()->index(row, 1).data().toString().startsWith(
                    QStringLiteral("Resumed")))
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(resumed(), 30'000);
    QTest::mouseClick(window.find<QPushButton>("stopTrainingButton"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(finished.size(), 2, 60'000);
    QCOMPARE(runs->model()->rowCount(), 1);
    QVERIFY2(failed.isEmpty(), failed.isEmpty() ? "" : qPrintable(failed[0][0].toString()));
}

void TestByHand::namesTheRemedyOfAFailedRun()
{
    QTemporaryDir folder;
    tiny::writeCorpus(folder.path().toStdString());
    WorkspaceWindow window((folder.path() + QStringLiteral("/store.sqlite")).toStdString());
    window.show(1600, 972);
    fillForm(window, folder.path(), QStringLiteral("10"));
    auto* start = window.find<QPushButton>("startRun");
    QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), 10'000);
    // The corpus goes between the check and the start.
    QVERIFY(QFile::resize(folder.filePath(QStringLiteral("corpus.idx")), 20));
    QTest::mouseClick(start, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!window.messages->text().isEmpty(), 30'000);
    const QString text = window.messages->text();
    QVERIFY2(text.contains(QStringLiteral("corpus.idx")), qPrintable(text));
    QVERIFY2(text.count(QStringLiteral(": ")) >= 2, qPrintable(text)); // what: where: remedy
    QVERIFY(!window.workspace->isTraining());
}

void TestByHand::choosesAProbeText()
{
    QTemporaryDir folder;
    const auto path = (folder.path() + QStringLiteral("/store.sqlite")).toStdString();
    synthetic::Shape shape;
    shape.layers = 2;
    shape.experts = 4;
    shape.steps = 40;
    shape.sickLayer = 9;
    {
        telemetry::RunStore store(path);
        const int64_t run = synthetic::write(store, "probed", shape);
        int favourite = 0; // each text has an expert that takes all of it
        for (const char* name : {"English", "Chinese", "C"}) {
            telemetry::ProbeRecord probe{30, name, {}};
            for (int layer = 0; layer < 2; ++layer) {
                telemetry::LayerRecord record;
                record.layer = layer;
                record.load.assign(4, 0);
                record.load[static_cast<size_t>(favourite)] = 400;
                record.assignments = 400;
                probe.layers.push_back(record);
            }
            store.append(run, {synthetic::message(probe)});
            ++favourite;
        }
    }
    WorkspaceWindow window(path);
    window.show(1600, 972);
    window.workspace->openRun(QStringLiteral("probed"));
    auto* box = window.find<QComboBox>("loadProbe");
    QTRY_VERIFY_WITH_TIMEOUT(box->isVisible() && box->count() == 4, 20'000);
    QCOMPARE(box->currentText(), QStringLiteral("All"));
    auto* map = window.find<plots::HeatmapPlot>("loadHeatmap");
    for (const QString& name : {QStringLiteral("Chinese"), QStringLiteral("C"),
             QStringLiteral("English"), QStringLiteral("All")}) {
        QTest::mouseClick(box, Qt::LeftButton);
        QTRY_VERIFY(box->view()->isVisible());
        QTest::keyClick(box->view(), Qt::Key_Home);
        for (int below = box->findText(name); below > 0; --below)
            QTest::keyClick(box->view(), Qt::Key_Down);
        QTest::keyClick(box->view(), Qt::Key_Return);
        QTRY_COMPARE(box->currentText(), name);
        const int expert = name == QStringLiteral("English") ? 0
            : name == QStringLiteral("Chinese")              ? 1
                                                             : 2;
        if (name == QStringLiteral("All")) {
            QTRY_VERIFY(map->data().values[0] < 3 && map->data().values[1] < 3);
            continue;
        }
        QTRY_COMPARE(map->data().values[static_cast<size_t>(expert)], 4.0F);
        QCOMPARE(map->data().values[static_cast<size_t>((expert + 1) % 4)], 0.0F);
    }
}

void TestByHand::countsDeadExperts()
{
    QTemporaryDir folder;
    const auto path = (folder.path() + QStringLiteral("/store.sqlite")).toStdString();
    synthetic::Shape shape;
    shape.layers = 6;
    shape.sickLayer = 4;
    shape.steps = 200;
    shape.deadSince = 100;
    int64_t run = 0;
    {
        telemetry::RunStore store(path);
        run = synthetic::write(store, "dying", shape);
    }
    WorkspaceWindow window(path);
    window.show(1600, 972);
    window.workspace->openRun(QStringLiteral("dying"));
    QTRY_VERIFY_WITH_TIMEOUT(
        window.messages->text().startsWith(QStringLiteral("Layer 4, expert 11 is dead:")), 20'000);
    auto* map = window.find<plots::HeatmapPlot>("loadHeatmap");
    QTRY_COMPARE(map->data().rows, 6);
    // Zero assignments in the span of 100 steps make a cell dead, not the engine's word alone.
    QTRY_COMPARE(int(map->data().dead[4 * 16 + 11]), 1);
    {
        telemetry::RunStore store(path);
        store.append(run,
            {synthetic::message(synthetic::event(
                200, "dead_expert", R"({"layer": 2, "expert": 5, "since_step": 201})"))});
    }
    QTRY_VERIFY_WITH_TIMEOUT(
        window.messages->text().startsWith(QStringLiteral("2 experts are dead:")), 20'000);
    QVERIFY(window.messages->text().contains(QStringLiteral("layer 2")));
    QCOMPARE(int(map->data().dead[2 * 16 + 5]), 0);
}

void TestByHand::laysRunsOverEachOther()
{
    QTemporaryDir folder;
    const auto path = (folder.path() + QStringLiteral("/store.sqlite")).toStdString();
    synthetic::Shape shape;
    shape.layers = 3;
    shape.steps = 300;
    {
        telemetry::RunStore store(path);
        synthetic::write(store, "other", shape);
        synthetic::write(store, "front", shape);
    }
    WorkspaceWindow window(path);
    window.show(1600, 972);
    window.workspace->openRun(QStringLiteral("front"));
    auto* runs = window.find<QTableView>("runTable");
    QTRY_COMPARE(runs->model()->rowCount(), 2);
    const auto curves = [&](const char* name) {
        return window.find<plots::TimeSeriesPlot>(name)->curves();
    };
    QTRY_COMPARE_WITH_TIMEOUT(curves("learningRatePlot"), 1, 20'000);
    QTRY_COMPARE_WITH_TIMEOUT(curves("dropRatePlot"), 4, 20'000); // three layers and the mean
    int row = 0;
    while (runs->model()->index(row, 0).data().toString() != QStringLiteral("other"))
        ++row;
    choose(menuOfRun(window, row), QStringLiteral("Show in the plots"));
    for (const char* name : {"learningRatePlot", "gradNormPlot", "tokensPlot"}) {
        QTRY_COMPARE_WITH_TIMEOUT(curves(name), 2, 10'000);
        QTRY_VERIFY(window.find<plots::TimeSeriesPlot>(name)->valueAt(1, 200));
    }
    QTRY_COMPARE(curves("dropRatePlot"), 5);
    QTRY_COMPARE(curves("auxCoefficientPlot"), 5);
    QTRY_COMPARE(curves("lossPlot"), 4);
}

void TestByHand::keepsNoOpenFormInTheLayout()
{
    QTemporaryDir folder;
    WorkspaceWindow window((folder.path() + QStringLiteral("/store.sqlite")).toStdString());
    window.show(1600, 972);
    window.registry.find(QStringLiteral("run.new"))->trigger();
    auto* form = window.find<QWidget>("newRunDock");
    QTRY_VERIFY(form->isVisible());
    const QByteArray kept = window.workspace->layoutToKeep();
    QVERIFY(form->isVisible()); // what is being typed is not put away
    WorkspaceWindow next((folder.path() + QStringLiteral("/store.sqlite")).toStdString());
    next.show(1600, 972);
    QVERIFY(next.workspace->restoreState(kept, shell::Settings::kVersion));
    QVERIFY(next.find<QWidget>("newRunDock")->isHidden());
    QVERIFY(next.find<QWidget>("lossPlot")->isVisible());
}

QTEST_MAIN(TestByHand)
#include "test_by_hand.moc"
