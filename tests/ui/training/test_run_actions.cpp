// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "synthetic_run.h"
#include "workspace_fixture.h"

#include "ui/models/event_table_model.h"
#include "ui/models/run_table_model.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/plots/time_series_plot.h"
#include "ui/training/load_panel.h"
#include "ui/training/plot_panel.h"
#include "ui/training/runs_panel.h"

#include <QComboBox>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QImage>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace moe;

/// What a person does to recorded runs: marks, time axes, exports and imports, tags and notes.
class TestRunActions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        m_path = (m_folder.path() + QStringLiteral("/store.sqlite")).toStdString();
        telemetry::RunStore store(m_path);
        m_dense
            = synthetic::writePlain(store, "dense", 900, 0, telemetry::RunState::Done, {"plain"});
        synthetic::Shape shape;
        shape.layers = 6;
        shape.sickLayer = 4;
        m_run = synthetic::write(store, "moe", shape);
    }

    void init()
    {
        m_window = std::make_unique<WorkspaceWindow>(m_path);
        m_window->show(1600, 972);
        QSignalSpy shown(m_window->workspace, &training::TrainingWorkspace::stepShown);
        m_window->workspace->openRun(QStringLiteral("moe"));
        QTRY_VERIFY_WITH_TIMEOUT(!shown.isEmpty(), 60'000);
    }

    void cleanup() { m_window.reset(); }

    void marksSteeringInEveryPlot();
    void showsTimeAxes();
    void exportsEveryPlotByItsMenu();
    void namesColumnsAndWritesWhatWasRecorded();
    void exportsAPlotThatIsShown();
    void exportsAndImportsARecord();
    void keepsTagsAndNotes();
    void saysWhyADenseRunHasNoLoads();
    void showsFiguresOfRunsWhole();

private:
    void chooseInDialog(const QString& path)
    {
        auto* dialog = m_window->window.findChild<QFileDialog*>();
        QVERIFY(dialog);
        Q_EMIT dialog->fileSelected(path);
        delete dialog;
    }

    void selectRun(const QString& name)
    {
        auto* table = m_window->find<QTableView>("runTable");
        for (int row = 0; row < table->model()->rowCount(); ++row) {
            if (table->model()->index(row, 0).data().toString() == name)
                table->selectRow(row);
        }
    }

    QTemporaryDir m_folder;
    std::filesystem::path m_path;
    int64_t m_run = 0, m_dense = 0;
    std::unique_ptr<WorkspaceWindow> m_window;
};

namespace {

/// Pixels of a column that stand out from the ground.
int marksAt(plots::TimeSeriesPlot& plot, double x)
{
    const QImage image = plot.grab().toImage();
    const int column = static_cast<int>(std::lround(plot.pixelOf(x, 0).x()));
    const QColor ground = shell::theme().base;
    int most = 0;
    for (int near = column - 1; near <= column + 1; ++near) {
        int count = 0;
        for (int y = 0; y < image.height(); ++y)
            count += qGray(image.pixel(near, y)) < qGray(ground.rgb()) - 60 ? 1 : 0;
        most = std::max(most, count);
    }
    return most;
}

} // namespace

void TestRunActions::marksSteeringInEveryPlot()
{
    using models::EventTableModel;
    int seen = 0;
    for (plots::TimeSeriesPlot* plot : m_window->window.findChildren<plots::TimeSeriesPlot*>()) {
        if (!plot->isVisible())
            continue;
        // β was steered at step 3,000; at 3,400 nothing happened. Plots are drawn a moment later.
        const auto stands = [plot] {
            return marksAt(*plot, 3000) > marksAt(*plot, 3400) + plot->height() / 8;
        };
        QTRY_VERIFY2_WITH_TIMEOUT(stands(), qPrintable(plot->objectName()), 5000);
        ++seen;
    }
    QCOMPARE(seen, 6);
    auto* events = m_window->find<QTableView>("eventTable");
    int flag = 0;
    for (int row = 0; row < events->model()->rowCount(); ++row) {
        const QModelIndex index = events->model()->index(row, EventTableModel::What);
        if (index.data().toString() == QStringLiteral("β 0.900 → 0.990, by you"))
            flag = index.data(EventTableModel::FlagNumber).toInt();
    }
    QCOMPARE(flag, 1);
    // A click on the flag selects its row.
    auto* drop = m_window->find<plots::TimeSeriesPlot>("dropRatePlot");
    Q_EMIT drop->markerClicked(1);
    QCOMPARE(drop->crosshair(), std::optional<double>(3000.0));
}

void TestRunActions::showsTimeAxes()
{
    auto* drop = m_window->find<plots::TimeSeriesPlot>("dropRatePlot");
    auto* box = m_window->find<QComboBox>("xAxisBox");
    const int narrow = box->width();
    box->setCurrentIndex(2); // seconds in steps: 8.72 each
    QVERIFY(box->width() > narrow); // as wide as what is chosen
    QTest::qWait(150);
    Q_EMIT drop->markerClicked(1);
    QVERIFY(drop->crosshair().has_value());
    QVERIFY2(std::abs(*drop->crosshair() - 8.72 * 3000) < 0.02 * 8.72 * 3000,
        qPrintable(QString::number(*drop->crosshair())));
    QVERIFY(marksAt(*drop, *drop->crosshair()) > 0);
    box->setCurrentIndex(0);
    QTest::qWait(150);
    Q_EMIT drop->markerClicked(1);
    QCOMPARE(drop->crosshair(), std::optional<double>(3000.0));
}

void TestRunActions::exportsEveryPlotByItsMenu()
{
    QTemporaryDir out;
    std::vector<std::pair<QString, QMenu*>> menus;
    for (training::PlotPanel* panel : m_window->window.findChildren<training::PlotPanel*>()) {
        if (panel->isVisible())
            menus.emplace_back(panel->plot().objectName(), panel->titleBar().menu());
    }
    for (training::LoadPanel* panel : m_window->window.findChildren<training::LoadPanel*>())
        menus.emplace_back(QStringLiteral("load"), panel->titleBar().menu());
    QCOMPARE(menus.size(), size_t(7));
    for (const auto& [name, menu] : menus) {
        int written = 0;
        for (QAction* action : menu->actions()) {
            if (!action->text().startsWith(QStringLiteral("Export ")))
                continue;
            const QString path
                = out.filePath(name + QLatin1Char('.') + action->text().mid(7, 3).toLower());
            action->trigger();
            chooseInDialog(path);
            QVERIFY2(QFileInfo(path).size() > 200, qPrintable(path));
            ++written;
        }
        QCOMPARE(written, 3);
    }
    QVERIFY(m_window->messages->text().startsWith(QStringLiteral("Layer 4"))); // no failure shown
    menus[0].second->actions()[0]->trigger();
    chooseInDialog(QStringLiteral("/no/such/folder/plot.png"));
    QVERIFY(m_window->messages->text().contains(QStringLiteral("/no/such/folder/plot.png")));
}

void TestRunActions::namesColumnsAndWritesWhatWasRecorded()
{
    QTemporaryDir out;
    const telemetry::RunStore store(m_path, telemetry::RunStore::Mode::ReadOnly);
    const auto read = [&](const char* plot) {
        const QString path = out.filePath(QLatin1String(plot) + QStringLiteral(".csv"));
        QFile file(path);
        QList<QByteArray> ends; // the first and the last line
        if (m_window->find<plots::TimeSeriesPlot>(plot)->exportCsv(path)
            && file.open(QIODevice::ReadOnly)) {
            const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
            ends = {lines.first(), lines.last()};
        }
        return ends;
    };
    const auto close = [](const QByteArray& cell, double value) {
        return std::abs(cell.toDouble() - value) < 1e-6 * std::abs(value);
    };
    const QList<QByteArray> drops = read("dropRatePlot");
    QCOMPARE(
        drops.value(0), QByteArray("step,layer 0,layer 1,layer 2,layer 3,layer 4,layer 5,mean"));
    const QList<QByteArray> cells = drops[1].split(',');
    // Of a long run the store keeps means of a few steps: one lies among those that it is of.
    const std::vector<telemetry::StepRecord> end = store.steps(m_run, 18'233, 18'240);
    QVERIFY(cells[0].toInt() >= 18'233);
    for (size_t row = 0; row < end[0].layers.size(); ++row) {
        const auto [least, most] = std::ranges::minmax(end, {},
            [row](const telemetry::StepRecord& step) { return step.layers[row].dropRate(); });
        const double cell = cells[static_cast<int>(row) + 1].toDouble();
        QVERIFY(cell >= least.layers[row].dropRate() && cell <= most.layers[row].dropRate());
    }
    const QList<QByteArray> loss = read("lossPlot");
    QCOMPARE(loss.value(0), QByteArray("step,validation,train"));
    QVERIFY(close(loss[1].split(',').last(), end.back().loss)); // not the smoothed line
    m_window->workspace->selectLayer(4);
    QTest::qWait(500);
    const QList<QByteArray> names = read("utilisationPlot").value(0).split(',');
    QCOMPARE(names.size(), 17);
    for (const QByteArray& name : names.mid(1))
        QVERIFY2(name.startsWith("expert "), name.constData());
    QCOMPARE(read("entropyPlot").value(0), QByteArray("step,Gate entropy"));
}

void TestRunActions::exportsAPlotThatIsShown()
{
    QTemporaryDir out;
    QAction* csv = m_window->registry.find(QStringLiteral("training.exportCsv"));
    const auto headings = [&](const char* name) {
        m_window->find<QLineEdit>("runFilter")->setFocus(); // in no plot
        const QString path = out.filePath(QLatin1String(name));
        csv->trigger();
        chooseInDialog(path);
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readLine() : QByteArray();
    };
    QTRY_VERIFY(csv->isEnabled());
    // A layer's page hides the dashboard: the first plot of the page, and its values.
    m_window->workspace->selectLayer(4);
    auto* lines = m_window->find<plots::TimeSeriesPlot>("utilisationPlot");
    QTRY_COMPARE_WITH_TIMEOUT(lines->curves(), 16, 10'000);
    QVERIFY(headings("page.csv").startsWith("step,expert "));
    m_window->workspace->showDashboard();
    QTRY_VERIFY(m_window->find<plots::TimeSeriesPlot>("dropRatePlot")->isVisible());
    QVERIFY(headings("board.csv").startsWith("step,layer 0,"));
    // The form hides the line plots: the map is left.
    m_window->registry.find(QStringLiteral("run.new"))->trigger();
    QTRY_VERIFY(!m_window->find<plots::TimeSeriesPlot>("dropRatePlot")->isVisible());
    for (auto* dock : m_window->window.findChildren<QDockWidget*>()) {
        if (dock->objectName() == QStringLiteral("loadDock"))
            dock->raise();
    }
    QTRY_VERIFY(m_window->find<plots::HeatmapPlot>("loadHeatmap")->isVisible());
    QVERIFY(headings("map.csv").startsWith("Layer,0,1,"));
    // Another workspace in front: nothing to take, and the action says so.
    m_window->workspace->hide();
    QTRY_VERIFY(!csv->isEnabled());
    QVERIFY(csv->toolTip().contains(QStringLiteral("No plot is shown")));
    m_window->workspace->show();
    QTRY_VERIFY(csv->isEnabled());
}

void TestRunActions::exportsAndImportsARecord()
{
    QTemporaryDir out;
    const QString path = out.filePath(QStringLiteral("record.jsonl"));
    m_window->registry.find(QStringLiteral("run.export.jsonl"))->trigger();
    chooseInDialog(path);
    QTRY_VERIFY_WITH_TIMEOUT(
        m_window->messages->text().contains(QStringLiteral("record.jsonl")), 20'000);
    auto* table = m_window->find<QTableView>("runTable");
    QTRY_COMPARE(table->model()->rowCount(), 2);
    m_window->registry.find(QStringLiteral("run.import"))->trigger();
    chooseInDialog(path);
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 3, 30'000);
    QTRY_VERIFY_WITH_TIMEOUT(
        m_window->find<QLabel>("runState")->text().startsWith(QStringLiteral("Imported")), 10'000);
    // What is no record says so in one line and changes nothing.
    QSignalSpy failed(m_window->workspace, &training::TrainingWorkspace::failed);
    m_window->workspace->importPath(out.filePath(QStringLiteral("missing.jsonl")));
    QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, 10'000);
    QVERIFY(failed[0][0].toString().contains(QStringLiteral("missing.jsonl")));
    QCOMPARE(table->model()->rowCount(), 3);
}

void TestRunActions::keepsTagsAndNotes()
{
    auto* table = m_window->find<QTableView>("runTable");
    QTRY_VERIFY(table->model()->rowCount() >= 2);
    const auto answer = [&](const char* action, const QString& text) {
        selectRun(QStringLiteral("dense"));
        m_window->registry.find(QString::fromLatin1(action))->trigger();
        auto* dialog = m_window->window.findChild<QInputDialog*>();
        QVERIFY(dialog);
        dialog->setTextValue(text);
        dialog->accept();
        delete dialog;
    };
    answer("run.tags", QStringLiteral("first, , second "));
    answer("run.notes", QStringLiteral("a note\nof two lines"));
    answer("run.rename", QStringLiteral("plain"));
    const auto stored = [&] {
        const telemetry::RunStore store(m_path, telemetry::RunStore::Mode::ReadOnly);
        return store.run(m_dense);
    };
    QTRY_COMPARE_WITH_TIMEOUT(stored().name, std::string("plain"), 10'000);
    QCOMPARE(stored().tags, (std::vector<std::string>{"first", "second"}));
    QCOMPARE(stored().notes, std::string("a note\nof two lines"));
}

void TestRunActions::saysWhyADenseRunHasNoLoads()
{
    m_window->workspace->openRun(QString::number(m_dense));
    auto* none = m_window->find<QLabel>("noLoads");
    QTRY_VERIFY_WITH_TIMEOUT(none->isVisible(), 10'000);
    QVERIFY(none->text().contains(QStringLiteral("no MoE layers")));
    QTRY_VERIFY(m_window->find<QLabel>("dropRatePlotNone")->isVisible());
    QVERIFY(m_window->find<plots::TimeSeriesPlot>("lossPlot")->isVisible());
    m_window->save(QStringLiteral("training-dense.png"));
    m_window->workspace->openRun(QString::number(m_run));
    QTRY_VERIFY_WITH_TIMEOUT(!none->isVisible(), 10'000);
    // Six layers fill their dock.
    auto* map = m_window->find<plots::HeatmapPlot>("loadHeatmap");
    QTRY_COMPARE(map->data().rows, 6);
    QTest::qWait(150);
    QVERIFY(map->mapRect().height() > 0.7 * map->parentWidget()->height());
    QVERIFY(map->mapRect().height() <= 6 * shell::px(120));
    m_window->save(QStringLiteral("training-six-layers.png"));
}

void TestRunActions::showsFiguresOfRunsWhole()
{
    shell::ThemeSource::install(*qApp, shell::ThemeChoice::Light); // the style of the program
    const QFont before = QApplication::font();
    for (const char* family : {"Noto Sans", "DejaVu Sans"}) {
        for (const int pixels : {12, 13, 15, 18}) {
            QFont font(QString::fromLatin1(family));
            font.setPixelSize(pixels);
            QApplication::setFont(font);
            models::RunTableModel runs;
            shell::TitleBar title(QStringLiteral("Runs"));
            const training::RunsPanel panel(runs, title);
            telemetry::RunInfo run;
            for (const int64_t steps : {25'200, 60'000, 88'888, 11'111}) {
                ++run.id;
                run.steps = steps;
                run.lastLoss = run.bestValidLoss = 12.345;
                runs.update(run);
            }
            auto* table = panel.findChild<QTableView*>(QStringLiteral("runTable"));
            for (const int column : {models::RunTableModel::Step, models::RunTableModel::Loss,
                     models::RunTableModel::BestValid}) {
                for (int row = 0; row < table->model()->rowCount(); ++row) {
                    const QModelIndex index = table->model()->index(row, column);
                    QVERIFY2(table->sizeHintForIndex(index).width() <= table->columnWidth(column),
                        qPrintable(QStringLiteral("%1 in %2 %3")
                                       .arg(index.data().toString(), font.family())
                                       .arg(pixels)));
                }
            }
        }
    }
    QApplication::setFont(before);
}

QTEST_MAIN(TestRunActions)
#include "test_run_actions.moc"
