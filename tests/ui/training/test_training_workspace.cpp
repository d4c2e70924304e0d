// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "synthetic_run.h"
#include "workspace_fixture.h"

#include "ui/models/run_table_model.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"
#include "ui/training/number_field.h"
#include "ui/training/plot_panel.h"
#include "ui/training/readout_strip.h"

#include <QComboBox>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QStackedWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>

using namespace moe;
using training::NumberField;
using training::Readout;

/// Drives the real workspace over a store with the nine runs of the look pictures.
class TestTrainingWorkspace : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        m_path = (m_folder.path() + QStringLiteral("/store.sqlite")).toStdString();
        m_run = synthetic::writeAll(m_path);
    }

    void init()
    {
        m_window = std::make_unique<WorkspaceWindow>(m_path);
        m_window->show(1600, 972); // the menu bar is the shell's: 28 px
        QSignalSpy shown(m_window->workspace, &training::TrainingWorkspace::stepShown);
        m_window->workspace->openRun(QStringLiteral("sky52-adaptive"));
        QTRY_VERIFY_WITH_TIMEOUT(!shown.isEmpty(), 60'000);
    }

    void cleanup() { m_window.reset(); }

    void showsTheFigures();
    void looksAsDrawn();
    void filtersAndSortsRuns();
    void opensALayerFromTheHeatmap();
    void steersTheRunOfAnotherProcess();
    void followsTheRunOfAnotherProcess();
    void sharesTheCrosshair();
    void exportsEveryPlot();
    void swapsInTheTable();
    void keysAreThoseOfThePageThatIsShown();
    void asksBeforeDeleting();
    void marksWhatIsWrongInTheForm();
    void saysWhatBelongsIntoAnEmptyStore();

private:
    QString readout(const char* key) const
    {
        return m_window->find<Readout>((std::string("readout") + key).c_str())->text();
    }

    QTemporaryDir m_folder;
    std::filesystem::path m_path;
    int64_t m_run = 0;
    std::unique_ptr<WorkspaceWindow> m_window;
};

void TestTrainingWorkspace::showsTheFigures()
{
    telemetry::RunStore store(m_path, telemetry::RunStore::Mode::ReadOnly);
    const telemetry::StepRecord last = store.steps(m_run, 18'240, 18'240).front();
    QCOMPARE(m_window->find<QLabel>("runName")->text(), QStringLiteral("sky52-adaptive"));
    QVERIFY(m_window->find<QLabel>("runState")->text().startsWith(QStringLiteral("Running")));
    QCOMPARE(readout("Loss"), QString::number(last.loss, 'f', 3));
    QCOMPARE(readout("LearningRate"), QStringLiteral("2.51e-4"));
    QVERIFY(readout("DropRate").endsWith(QStringLiteral("\u202F%")));
    QCOMPARE(m_window->find<QLabel>("progressPercent")->text(), QStringLiteral("30.4\u202F%"));
    QCOMPARE(m_window->find<QLabel>("progressTokens")->text(),
        QStringLiteral("38.3\u202FB of 125.8\u202FB tokens"));
    QVERIFY(m_window->find<QLabel>("progressLeft")->text().startsWith(QStringLiteral("4\u202Fd")));
    QCOMPARE(m_window->messages->text(),
        QStringLiteral("Layer 37, expert 11 is dead: no assignments since step 16,904. Raise ξ or "
                       "α_max, or open the layer to see when it faded."));
    // A run of another process can be steered, not paused.
    QVERIFY(!m_window->find<QPushButton>("pauseButton")->isEnabled());
}

void TestTrainingWorkspace::looksAsDrawn()
{
    auto* table = m_window->find<QTableView>("runTable");
    QTRY_COMPARE(table->model()->rowCount(), 9);
    // The baseline, as in the picture.
    const auto pin = [&] {
        for (int row = 0; row < 9; ++row) {
            const QModelIndex index = table->model()->index(row, 0);
            if (index.data().toString() == QStringLiteral("sky52-const"))
                return index;
        }
        return QModelIndex();
    }();
    QVERIFY(pin.isValid());
    Q_EMIT table->customContextMenuRequested(table->visualRect(pin).center());
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    QVERIFY(menu);
    for (QAction* action : menu->actions()) {
        if (action->text() == QStringLiteral("Pin as baseline"))
            action->trigger();
    }
    menu->close();
    auto* loss = m_window->find<plots::TimeSeriesPlot>("lossPlot");
    QTRY_COMPARE(loss->curves(), 4); // raw, baseline, validation, train
    QTRY_COMPARE(table->model()->index(1, 0).data().toString(), QStringLiteral("sky52-const"));
    QTest::qWait(200);
    m_window->find<plots::TimeSeriesPlot>("dropRatePlot")->crosshairMoved(12'480.0);
    QTest::qWait(200);
    m_window->save(QStringLiteral("training.png"));
    shell::ThemeSource::instance().choose(shell::ThemeChoice::Dark);
    QTest::qWait(300);
    m_window->save(QStringLiteral("training-dark.png"));
    shell::ThemeSource::instance().choose(shell::ThemeChoice::Light);
    m_window->window.resize(1280, 772);
    QTest::qWait(400);
    m_window->save(QStringLiteral("training-1280.png"));
    QCOMPARE(m_window->find<QDockWidget>("runsDock")->width() < 262, true);
    QVERIFY(table->isColumnHidden(models::RunTableModel::BestValid));
    QVERIFY(!m_window->find<Readout>("readoutGradNorm")->isVisible());
    m_window->workspace->selectLayer(37);
    QTest::qWait(1500);
    m_window->save(QStringLiteral("training-layer-1280.png"));
    m_window->workspace->showDashboard();
    m_window->window.resize(2560, 1412);
    QTest::qWait(400);
    m_window->save(QStringLiteral("training-2560.png"));
    m_window->window.resize(1600, 972);
    QTest::qWait(300);
    m_window->workspace->selectLayer(37);
    auto* utilisation = m_window->find<plots::TimeSeriesPlot>("utilisationPlot");
    QTest::qWait(1500);
    utilisation->crosshairMoved(15'600.0);
    QTest::qWait(300);
    m_window->save(QStringLiteral("training-layer.png"));
}

void TestTrainingWorkspace::filtersAndSortsRuns()
{
    auto* table = m_window->find<QTableView>("runTable");
    QTRY_COMPARE(table->model()->rowCount(), 9);
    auto* filter = m_window->find<QLineEdit>("runFilter");
    QTest::keyClicks(filter, QStringLiteral("lr-"));
    QCOMPARE(table->model()->rowCount(), 2);
    filter->clear();
    QTest::keyClicks(filter, QStringLiteral("baseline")); // a tag
    QCOMPARE(table->model()->rowCount(), 1);
    filter->clear();
    QTest::keyClicks(filter, QStringLiteral("nothing has this name"));
    QVERIFY(m_window->find<QLabel>("noRuns")->isVisible());
    filter->clear();
    // Clicking another run brings it to the front.
    for (int row = 0; row < 9; ++row) {
        const QModelIndex index = table->model()->index(row, 0);
        if (index.data().toString() != QStringLiteral("sky52-cap-1.5"))
            continue;
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(index).center());
        break;
    }
    QTRY_COMPARE(m_window->find<QLabel>("runName")->text(), QStringLiteral("sky52-cap-1.5"));
    QTRY_VERIFY(m_window->find<QLabel>("runState")->text().startsWith(QStringLiteral("Stopped")));
}

void TestTrainingWorkspace::opensALayerFromTheHeatmap()
{
    auto* map = m_window->find<plots::HeatmapPlot>("loadHeatmap");
    QTRY_COMPARE(map->data().rows, 52);
    const auto clickable = map->findChildren<QWidget*>();
    const QPoint at = map->pixelOf(12, 3).toPoint();
    QWidget* under = map->childAt(at);
    QVERIFY(under);
    QTest::mouseClick(under, Qt::LeftButton, {}, under->mapFrom(map, at));
    auto* page = m_window->find<QWidget>("layerPage");
    QTRY_VERIFY(page->isVisible());
    QTRY_COMPARE(m_window->find<QLabel>("layerName")->text(), QStringLiteral("Layer 12"));
    QVERIFY(!map->isVisible());
    QTest::keyClick(page, Qt::Key_Right, Qt::AltModifier);
    QTRY_COMPARE(m_window->find<QLabel>("layerName")->text(), QStringLiteral("Layer 13"));
    QTest::keyClick(page, Qt::Key_Backspace);
    QTRY_VERIFY(!page->isVisible());
    QTRY_VERIFY(map->isVisible());

    // The message bar's button opens the dead expert's layer, which says dead in words.
    QTest::mouseClick(m_window->messages->findChild<QPushButton*>(), Qt::LeftButton);
    QTRY_COMPARE(m_window->find<QLabel>("layerName")->text(), QStringLiteral("Layer 37"));
    auto* experts = m_window->find<QTableView>("expertTable");
    QTRY_COMPARE(experts->model()->rowCount(), 16);
    QCOMPARE(experts->model()->index(11, 5).data().toString(), QStringLiteral("dead"));
    QVERIFY(m_window->find<QLabel>("layerFigures")->text().contains(QStringLiteral("1 of 16")));
    QTest::mouseClick(m_window->find<QToolButton>("allLayers"), Qt::LeftButton);
    QTRY_VERIFY(!page->isVisible());
}

void TestTrainingWorkspace::steersTheRunOfAnotherProcess()
{
    auto* xi = m_window->find<NumberField>("xiField");
    auto* apply = m_window->find<QPushButton>("applyLaw");
    QCOMPARE(xi->text(), QStringLiteral("0.20"));
    QCOMPARE(m_window->find<NumberField>("betaField")->text(), QStringLiteral("0.990")); // steered
    QVERIFY(!apply->isEnabled());
    xi->setFocus();
    xi->selectAll();
    QTest::keyClicks(xi, QStringLiteral("0.35"));
    QVERIFY(apply->isEnabled());
    QTest::mouseClick(apply, Qt::LeftButton);
    QVERIFY(!apply->isEnabled());
    telemetry::RunStore store(m_path);
    QTRY_VERIFY_WITH_TIMEOUT(!store.queuedSteering(m_run).empty(), 10'000);
    const auto queued = store.queuedSteering(m_run);
    QCOMPARE(queued.size(), size_t(1));
    QCOMPARE(QString::fromStdString(queued[0].key), QStringLiteral("moe.aux_coeff.adaptive.xi"));
    QCOMPARE(QString::fromStdString(queued[0].valueJson), QStringLiteral("0.35"));
}

void TestTrainingWorkspace::followsTheRunOfAnotherProcess()
{
    auto* table = m_window->find<QTableView>("eventTable");
    const int before = table->model()->rowCount();
    QSignalSpy shown(m_window->workspace, &training::TrainingWorkspace::stepShown);
    {
        telemetry::RunStore store(m_path);
        synthetic::Source source({});
        const int64_t step = store.run(m_run).steps + 1;
        store.append(m_run,
            {synthetic::message(synthetic::event(step, "steered",
                 R"({"key": "moe.aux_coeff.adaptive.xi", "from": 0.2, "to": 0.35, "by": "you"})")),
                synthetic::message(source.step(step))});
    }
    QTRY_VERIFY_WITH_TIMEOUT(!shown.isEmpty(), 10'000);
    QTRY_COMPARE(table->model()->rowCount(), before + 1);
    QCOMPARE(
        table->model()->index(0, 1).data().toString(), QStringLiteral("ξ 0.20 → 0.35, by you"));
    QTRY_COMPARE(m_window->find<NumberField>("xiField")->text(), QStringLiteral("0.35"));
}

void TestTrainingWorkspace::sharesTheCrosshair()
{
    auto* drop = m_window->find<plots::TimeSeriesPlot>("dropRatePlot");
    auto* alpha = m_window->find<plots::TimeSeriesPlot>("auxCoefficientPlot");
    drop->crosshairMoved(9'000.0);
    QCOMPARE(alpha->crosshair(), std::optional<double>(9'000.0));
    QCOMPARE(m_window->find<plots::TimeSeriesPlot>("lossPlot")->crosshair(), alpha->crosshair());
    // A click on an event moves it there.
    auto* events = m_window->find<QTableView>("eventTable");
    for (int row = 0; row < events->model()->rowCount(); ++row) {
        const QModelIndex index = events->model()->index(row, 1);
        if (!index.data().toString().startsWith(QStringLiteral("Layer 37")))
            continue;
        events->scrollTo(index);
        QTest::mouseClick(
            events->viewport(), Qt::LeftButton, {}, events->visualRect(index).center());
        QCOMPARE(drop->crosshair(), std::optional<double>(16'904.0));
        return;
    }
    QFAIL("no dead-expert event in the table");
}

void TestTrainingWorkspace::exportsEveryPlot()
{
    QTemporaryDir out;
    const auto written = [&](const QString& name) {
        return QFileInfo(out.filePath(name)).size() > 200;
    };
    int count = 0;
    for (plots::TimeSeriesPlot* plot : m_window->window.findChildren<plots::TimeSeriesPlot*>()) {
        if (!plot->isVisible())
            continue;
        const QString name = plot->objectName();
        QVERIFY(plot->exportPng(out.filePath(name + QStringLiteral(".png"))));
        QVERIFY(plot->exportSvg(out.filePath(name + QStringLiteral(".svg"))));
        QVERIFY(plot->exportCsv(out.filePath(name + QStringLiteral(".csv"))));
        for (const char* suffix : {".png", ".svg", ".csv"})
            QVERIFY2(written(name + QLatin1String(suffix)), qPrintable(name));
        ++count;
    }
    QCOMPARE(count, 6);
    // Through the menu, as a person does.
    m_window->registry.find(QStringLiteral("training.exportCsv"))->trigger();
    auto* dialog = m_window->window.findChild<QFileDialog*>();
    QVERIFY(dialog);
    Q_EMIT dialog->fileSelected(out.filePath(QStringLiteral("menu.csv")));
    dialog->close();
    QVERIFY(written(QStringLiteral("menu.csv")));
}

void TestTrainingWorkspace::swapsInTheTable()
{
    auto* map = m_window->find<plots::HeatmapPlot>("loadHeatmap");
    auto* table = m_window->find<QTableView>("loadTable");
    QVERIFY(map->isVisible());
    QTest::mouseClick(m_window->find<QToolButton>("loadTableButton"), Qt::LeftButton);
    QTRY_VERIFY(table->isVisible());
    QVERIFY(!map->isVisible());
    auto* span = m_window->find<QComboBox>("loadSpan");
    span->setCurrentIndex(0);
    Q_EMIT span->activated(0);
    QTRY_COMPARE(table->model()->rowCount(), 52);
}

/// Other pages have other uses for them.
void TestTrainingWorkspace::keysAreThoseOfThePageThatIsShown()
{
    m_window->workspace->selectLayer(37);
    const auto enabled = [this](const char* action) {
        return m_window->registry.find(QString::fromLatin1(action))->isEnabled();
    };
    for (const char* action :
        {"training.filter", "training.allLayers", "training.previousLayer", "training.nextLayer"}) {
        QVERIFY2(enabled(action), action);
        m_window->workspace->hide();
        QVERIFY2(!enabled(action), action);
        m_window->workspace->show();
    }
}

void TestTrainingWorkspace::asksBeforeDeleting()
{
    auto* table = m_window->find<QTableView>("runTable");
    QTRY_COMPARE(table->model()->rowCount(), 9);
    QModelIndex demo;
    for (int row = 0; row < 9; ++row) {
        if (table->model()->index(row, 0).data().toString() == QStringLiteral("demo"))
            demo = table->model()->index(row, 0);
    }
    table->selectRow(demo.row());
    m_window->registry.find(QStringLiteral("run.delete"))->trigger();
    auto* confirm = m_window->find<QPushButton>("confirmDelete");
    QVERIFY(confirm);
    QCOMPARE(table->model()->rowCount(), 9); // nothing is lost before the answer
    QTest::mouseClick(confirm, Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 8, 10'000);
}

void TestTrainingWorkspace::marksWhatIsWrongInTheForm()
{
    m_window->registry.find(QStringLiteral("run.new"))->trigger();
    auto* start = m_window->find<QPushButton>("startRun");
    QTRY_VERIFY(start->isVisible());
    QVERIFY(!start->isEnabled());
    auto* lr = m_window->find<QLineEdit>("key_optimizer.lr");
    auto* train = m_window->find<QLineEdit>("key_data.train");
    auto* error = m_window->find<QLabel>("error_optimizer.lr");
    QTest::keyClicks(train, QStringLiteral("corpus"));
    QTest::keyClicks(lr, QStringLiteral("fast"));
    QTRY_VERIFY_WITH_TIMEOUT(error->isVisible(), 10'000);
    QVERIFY(error->text().contains(QStringLiteral("optimizer.lr")));
    m_window->save(QStringLiteral("training-new-run.png"));
    lr->clear();
    QTest::keyClicks(lr, QStringLiteral("3e-4"));
    QTRY_VERIFY_WITH_TIMEOUT(!error->isVisible(), 10'000);
}

void TestTrainingWorkspace::saysWhatBelongsIntoAnEmptyStore()
{
    WorkspaceWindow empty((m_folder.path() + QStringLiteral("/none.sqlite")).toStdString());
    empty.show(1600, 972);
    auto* none = empty.find<QLabel>("noRuns");
    QTRY_VERIFY(none->isVisible());
    QCOMPARE(none->text(),
        QStringLiteral("No runs yet. Start the demo or import a TensorBoard folder."));
    QTest::qWait(200);
    empty.save(QStringLiteral("training-empty.png"));
    QVERIFY(empty.messages->text().isEmpty());
}

QTEST_MAIN(TestTrainingWorkspace)
#include "test_training_workspace.moc"
