// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny_run.h"

#include "engine/base/files.h"
#include "ui/session/run_file_check.h"
#include "ui/session/store_reader.h"
#include "ui/session/training_session.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

using namespace moe;
using session::StoreReader;
using session::TrainingSession;

/// A real trainer behind the session; the store behind the reader.
class TestTrainingSession : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = m_folder->path().toStdString();
        tiny::writeCorpus(m_path);
    }

    void trainsAndTells();
    void pausesSteersAndStops();
    void failsWithOneLine();
    void stopsWhenItGoes();
    void followsEventsAsTheyCome();
    void readsBackWhatWasTrained();
    void followsAFastRunToItsEnd();
    void aStoreInTheMakingIsNoError();
    void checksRunFiles();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_path;
};

void TestTrainingSession::trainsAndTells()
{
    TrainingSession session(m_path / "store.sqlite");
    int64_t last = 0;
    bool sawRegistered = false;
    connect(
        &session, &TrainingSession::registered, this, [&](qint64 run) { sawRegistered = run > 0; });
    connect(&session, &TrainingSession::messages, this, [&](const auto& batch) {
        for (const auto& message : batch) {
            if (const auto* step = std::get_if<telemetry::StepRecord>(message.get()))
                last = step->step;
        }
    });
    QSignalSpy finished(&session, &TrainingSession::finished);
    QSignalSpy failed(&session, &TrainingSession::failed);
    session.start(tiny::runFile(m_path, 30));
    QVERIFY(session.isRunning());
    QVERIFY2(finished.wait(60'000), "the run did not end");
    QVERIFY2(failed.isEmpty(), failed.isEmpty() ? "" : qPrintable(failed[0][0].toString()));
    QCOMPARE(last, int64_t(30)); // nothing of the end is lost
    QVERIFY(sawRegistered);
    QVERIFY(!session.isRunning());
}

void TestTrainingSession::pausesSteersAndStops()
{
    TrainingSession session(m_path / "store.sqlite");
    int64_t last = 0;
    QString steered;
    connect(&session, &TrainingSession::messages, this, [&](const auto& batch) {
        for (const auto& message : batch) {
            if (const auto* step = std::get_if<telemetry::StepRecord>(message.get()))
                last = step->step;
            if (const auto* event = std::get_if<telemetry::RunEvent>(message.get());
                event != nullptr && event->kind == "steered")
                steered = QString::fromStdString(event->payload);
        }
    });
    QSignalSpy refused(&session, &TrainingSession::steeringRefused);
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.steer(QStringLiteral("optimizer.lr"), QStringLiteral("1e-3")); // nothing runs yet
    QCOMPARE(refused.size(), 1);
    session.start(tiny::runFile(m_path, 1'000'000));
    QTRY_VERIFY_WITH_TIMEOUT(last > 3, 60'000);
    session.setPaused(true);
    QVERIFY(session.isPaused());
    QTest::qWait(300);
    const int64_t at = last;
    QTest::qWait(300);
    QCOMPARE(last, at);
    session.steer(QStringLiteral("moe.aux_coeff.adaptive.xi"), QStringLiteral("-3"));
    QCOMPARE(refused.size(), 2);
    QVERIFY(refused[1][0].toString().contains(QStringLiteral("xi")));
    session.steer(QStringLiteral("moe.aux_coeff.adaptive.xi"), QStringLiteral("0.4"));
    session.setPaused(false);
    QTRY_VERIFY_WITH_TIMEOUT(last > at, 60'000);
    QTRY_VERIFY_WITH_TIMEOUT(steered.contains(QStringLiteral("0.4")), 60'000);
    session.stop();
    QVERIFY(finished.wait(60'000));
    telemetry::RunStore store(m_path / "store.sqlite", telemetry::RunStore::Mode::ReadOnly);
    QVERIFY(store.find("last").state == telemetry::RunState::Stopped);
}

void TestTrainingSession::failsWithOneLine()
{
    TrainingSession session(m_path / "store.sqlite");
    train::RunFile file = tiny::runFile(m_path, 5);
    file.trainData = m_path / "nothing-here";
    QSignalSpy failed(&session, &TrainingSession::failed);
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(file);
    QVERIFY(finished.wait(60'000));
    QCOMPARE(failed.size(), 1);
    const QString line = failed[0][0].toString();
    QVERIFY2(line.contains(QStringLiteral("nothing-here")), qPrintable(line));
    QVERIFY(!line.contains(QLatin1Char('\n')));
    session.start(tiny::runFile(m_path, 3)); // and it can be used again
    QVERIFY(finished.wait(60'000));
    QCOMPARE(failed.size(), 1);
}

void TestTrainingSession::stopsWhenItGoes()
{
    {
        TrainingSession session(m_path / "store.sqlite");
        session.start(tiny::runFile(m_path, 1'000'000));
        QTRY_VERIFY_WITH_TIMEOUT(session.runId() > 0, 60'000);
    }
    telemetry::RunStore store(m_path / "store.sqlite", telemetry::RunStore::Mode::ReadOnly);
    QVERIFY(store.find("last").state == telemetry::RunState::Stopped);
}

/// One that another process trains faster than the window looks, and that ends between two looks.
void TestTrainingSession::followsAFastRunToItsEnd()
{
    telemetry::RunStore store(m_path / "store.sqlite");
    const int64_t run = store.createRun("fast", "{}", 1000);
    StoreReader reader(m_path / "store.sqlite");
    size_t steps = 0;
    int64_t last = 0;
    connect(&reader, &StoreReader::runsLoaded, this, [&](const auto& list) {
        if (!list.empty() && list[0].state == telemetry::RunState::Done)
            reader.watch(0, 0); // as the window does
    });
    connect(&reader, &StoreReader::runGrew, this, [&](qint64, const auto& batch) {
        for (const telemetry::MessagePtr& message : batch) {
            if (const auto* step = std::get_if<telemetry::StepRecord>(message.get())) {
                ++steps;
                last = step->step;
            }
        }
    });
    reader.requestRuns();
    reader.watch(run, 0);
    std::vector<telemetry::MessagePtr> all;
    for (int64_t step = 1; step <= 1000; ++step) {
        telemetry::StepRecord record;
        record.step = step;
        all.push_back(std::make_shared<const telemetry::Message>(std::move(record)));
    }
    store.append(run, all);
    store.setState(run, telemetry::RunState::Done);
    QTRY_COMPARE_WITH_TIMEOUT(last, int64_t(1000), 15'000);
    QCOMPARE(steps, size_t(1000));
}

/// The conversations' store makes the file at the same time as the runs are first asked for.
void TestTrainingSession::aStoreInTheMakingIsNoError()
{
    const std::filesystem::path path = m_path / "store.sqlite";
    base::writeFileAtomically(path, "");
    StoreReader reader(path);
    QSignalSpy failed(&reader, &StoreReader::failed);
    size_t runs = 99;
    connect(&reader, &StoreReader::runsLoaded, this, [&](const auto& list) { runs = list.size(); });
    reader.requestRuns();
    QTRY_COMPARE(runs, size_t(0));
    telemetry::RunStore(path).createRun("first", "{}", 10);
    QTRY_COMPARE(runs, size_t(1));
    QVERIFY2(failed.isEmpty(), failed.isEmpty() ? "" : qPrintable(failed[0][1].toString()));
}

/// Events come in another order than that of their steps, and a resumed run drops some.
void TestTrainingSession::followsEventsAsTheyCome()
{
    telemetry::RunStore store(m_path / "store.sqlite");
    const int64_t run = store.createRun("elsewhere", "{}", 1000);
    double time = 100;
    const auto happen = [&](int64_t step, const char* kind) {
        store.append(run,
            {std::make_shared<const telemetry::Message>(
                telemetry::RunEvent{step, kind, "{}", ++time})});
    };
    const auto train = [&](int64_t step, std::optional<double> validLoss = {}) {
        telemetry::StepRecord record;
        record.step = step;
        record.validLoss = validLoss;
        store.append(run, {std::make_shared<const telemetry::Message>(std::move(record))});
    };
    StoreReader reader(m_path / "store.sqlite");
    QStringList seen;
    connect(&reader, &StoreReader::runGrew, this, [&](qint64, const auto& batch) {
        for (const telemetry::MessagePtr& message : batch) {
            if (const auto* event = std::get_if<telemetry::RunEvent>(message.get()))
                seen << QString::fromStdString(event->kind) + QString::number(event->step);
            else if (const auto* step = std::get_if<telemetry::StepRecord>(message.get()))
                seen << QString::number(step->step) + QLatin1String(step->validLoss ? "v" : "");
        }
    });
    for (int64_t step = 1; step <= 5; ++step)
        train(step);
    happen(0, "started");
    happen(6, "steered"); // for the next step
    reader.watch(run, 5, store.events(run).back().id);
    happen(5, "paused"); // which the snapshot did not hold
    QTRY_COMPARE_WITH_TIMEOUT(seen, QStringList{QStringLiteral("paused5")}, 15'000);
    happen(5, "unpaused");
    train(6);
    QTRY_COMPARE_WITH_TIMEOUT(
        seen.mid(1), (QStringList{QStringLiteral("unpaused5"), QStringLiteral("6")}), 15'000);
    train(6, 2.5);
    happen(6, "validation");
    QTRY_COMPARE_WITH_TIMEOUT(
        seen.mid(3), (QStringList{QStringLiteral("6v"), QStringLiteral("validation6")}), 15'000);
    store.truncateAfter(run, 2);
    happen(2, "resumed");
    train(3);
    QTRY_COMPARE_WITH_TIMEOUT(
        seen.mid(5), (QStringList{QStringLiteral("resumed2"), QStringLiteral("3")}), 15'000);
}

void TestTrainingSession::readsBackWhatWasTrained()
{
    {
        TrainingSession session(m_path / "store.sqlite");
        QSignalSpy finished(&session, &TrainingSession::finished);
        session.start(tiny::runFile(m_path, 20));
        QVERIFY(finished.wait(60'000));
    }
    StoreReader reader(m_path / "store.sqlite");
    std::vector<telemetry::RunInfo> runs;
    session::RunSnapshot snapshot;
    size_t layers = 0;
    session::LayerDetail detail;
    connect(&reader, &StoreReader::runsLoaded, this, [&](const auto& list) { runs = list; });
    connect(
        &reader, &StoreReader::snapshotLoaded, this, [&](quint64, const auto& s) { snapshot = s; });
    connect(&reader, &StoreReader::layersLoaded, this,
        [&](quint64, const auto& piece, bool) { layers += piece.size(); });
    connect(&reader, &StoreReader::layerLoaded, this, [&](quint64, const auto& d) { detail = d; });
    QSignalSpy failed(&reader, &StoreReader::failed);
    reader.requestRuns();
    reader.requestRun(QStringLiteral("tiny"), 5, true);
    QTRY_COMPARE(layers, size_t(2));
    QCOMPARE(runs.size(), size_t(1));
    QCOMPARE(snapshot.loss.step.size(), size_t(20));
    QCOMPARE(snapshot.tail.size(), size_t(5));
    reader.requestLayer(snapshot.info.id, 1);
    QTRY_COMPARE(detail.history.experts, 4);
    QVERIFY(failed.isEmpty());
    reader.requestRun(QStringLiteral("no such run"), 5, true);
    QTRY_COMPARE(failed.size(), 1);
    reader.rename(snapshot.info.id, QStringLiteral("renamed"));
    QTRY_COMPARE(QString::fromStdString(runs[0].name), QStringLiteral("renamed"));
    reader.remove(snapshot.info.id);
    QTRY_VERIFY(runs.empty());
}

void TestTrainingSession::checksRunFiles()
{
    session::RunFileCheck check;
    session::RunFileVerdict verdict;
    connect(&check, &session::RunFileCheck::checked, this, [&](const auto& v) { verdict = v; });
    const QString folder = m_folder->path();
    const QString preset = QStringLiteral("skywork-small");
    check.check(preset,
        {{QStringLiteral("name"), QStringLiteral("new"), true},
            {QStringLiteral("data.train"), QStringLiteral("corpus"), true},
            {QStringLiteral("optimizer.lr"), QStringLiteral("fast"), false}},
        folder);
    QTRY_VERIFY(!verdict.json.isEmpty());
    QCOMPARE(verdict.key, QStringLiteral("optimizer.lr"));
    QVERIFY(!verdict.file);
    verdict = {};
    check.check(preset,
        {{QStringLiteral("name"), QStringLiteral("new"), true},
            {QStringLiteral("data.train"), QStringLiteral("corpus"), true},
            {QStringLiteral("optimizer.lr"), QStringLiteral("3e-4"), false}},
        folder);
    QTRY_VERIFY(verdict.file != nullptr);
    QCOMPARE(verdict.file->optimizer.lr, 3e-4);
    QVERIFY2(verdict.error.isEmpty(), qPrintable(verdict.error));
}

QTEST_GUILESS_MAIN(TestTrainingSession)
#include "test_training_session.moc"
