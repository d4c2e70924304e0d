// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/store_reader.h"

#include "kernels/error.h"
#include "ui/session/error_line.h"
#include "ui/session/read_run.h"

#include <QMetaObject>
#include <QPointer>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace moe::session {

namespace {

constexpr auto kPollInterval = std::chrono::seconds(1);
constexpr size_t kLayersAPiece = 8;
constexpr int64_t kStepsAPiece = 50; ///< whole records: up to half a megabyte each

bool sameRun(const telemetry::RunInfo& a, const telemetry::RunInfo& b)
{
    return a.id == b.id && a.updated == b.updated && a.state == b.state && a.steps == b.steps
        && a.name == b.name && a.tags == b.tags && a.notes == b.notes;
}

} // namespace

struct StoreReader::Impl {
    using Job = std::function<void()>;

    Impl(StoreReader& owner, std::filesystem::path storePath)
        : self(owner)
        , path(std::move(storePath))
        , worker([this](const std::stop_token& stop) { loop(stop); })
    {
    }

    // Any thread
    void post(Job job);
    quint64 ask(std::function<void(quint64)> job);

    // Worker thread
    void loop(const std::stop_token& stop);
    void attempt(quint64 request, const Job& job);
    void poll();
    void follow();
    std::vector<telemetry::RunEvent> newEvents();
    void startWatching(qint64 run, qint64 after, qint64 afterEvent);
    void answer(std::function<void()> emission);
    const telemetry::RunStore& reader();
    void change(const std::function<void(telemetry::RunStore&)>& work);
    void listRuns(bool evenIfSame);
    void loadRun(quint64 request, const QString& run, int tailSteps, bool withLayers);
    void loadWindow(quint64 request, qint64 run, qint64 last, int steps);

    StoreReader& self;
    std::filesystem::path path;
    quint64 lastRequest = 0; ///< GUI thread

    std::mutex mutex;
    std::condition_variable_any arrived;
    std::deque<Job> jobs;

    // Worker thread only
    std::optional<telemetry::RunStore> store;
    std::vector<telemetry::RunInfo> known;
    bool listed = false;
    qint64 watched = 0, watchedStep = 0;
    qint64 watchedEvent = 0; ///< the largest id
    double watchedTime = 0; ///< of the newest event
    std::optional<telemetry::RunState> watchedState;
    std::jthread worker; ///< last: joins before the rest goes
};

StoreReader::StoreReader(std::filesystem::path store, QObject* parent)
    : QObject(parent)
    , m_impl(std::make_unique<Impl>(*this, std::move(store)))
{
    qRegisterMetaType<RunSnapshot>();
    qRegisterMetaType<LayerDetail>();
}

StoreReader::~StoreReader()
{
    // Joined while this object is whole: answers on their way are dropped with it.
    m_impl->worker.request_stop();
    m_impl->worker.join();
}

void StoreReader::Impl::post(Job job)
{
    {
        const std::scoped_lock lock(mutex);
        jobs.push_back(std::move(job));
    }
    arrived.notify_one();
}

quint64 StoreReader::Impl::ask(std::function<void(quint64)> job)
{
    const quint64 request = ++lastRequest;
    post([this, request, job = std::move(job)] { attempt(request, [&] { job(request); }); });
    return request;
}

void StoreReader::Impl::loop(const std::stop_token& stop)
{
    auto nextPoll = std::chrono::steady_clock::now() + kPollInterval;
    while (!stop.stop_requested()) {
        Job job;
        {
            std::unique_lock lock(mutex);
            arrived.wait_until(lock, stop, nextPoll, [this] { return !jobs.empty(); });
            if (!jobs.empty()) {
                job = std::move(jobs.front());
                jobs.pop_front();
            }
        }
        if (job)
            job();
        if (std::chrono::steady_clock::now() >= nextPoll) {
            poll();
            nextPoll = std::chrono::steady_clock::now() + kPollInterval;
        }
    }
}

void StoreReader::Impl::answer(std::function<void()> emission)
{
    QMetaObject::invokeMethod(&self, std::move(emission), Qt::QueuedConnection);
}

void StoreReader::Impl::attempt(quint64 request, const Job& job)
{
    const QString line = errorLineOf(job);
    if (!line.isEmpty())
        answer([this, request, line] { Q_EMIT self.failed(request, line); });
}

const telemetry::RunStore& StoreReader::Impl::reader()
{
    if (!store) {
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored))
            throw Error("there are no runs yet", path.string(), "start the demo or a new run");
        store.emplace(path, telemetry::RunStore::Mode::ReadOnly);
    }
    return *store;
}

void StoreReader::Impl::change(const std::function<void(telemetry::RunStore&)>& work)
{
    telemetry::RunStore writer(path, telemetry::RunStore::Mode::ReadWrite);
    work(writer);
    listRuns(true);
}

void StoreReader::Impl::listRuns(bool evenIfSame)
{
    std::vector<telemetry::RunInfo> runs;
    try {
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored))
            runs = reader().runs();
    } catch (const telemetry::EmptyStore&) {
        runs.clear(); // as good as none
    }
    if (listed && !evenIfSame && std::ranges::equal(runs, known, sameRun))
        return;
    listed = true;
    known = runs;
    answer([this, runs = std::move(runs)] { Q_EMIT self.runsLoaded(runs); });
}

void StoreReader::Impl::poll()
{
    // A store that another process is just making may not be readable yet: the next second tells.
    const QString ignored = errorLineOf([this] {
        if (listed)
            listRuns(false);
        if (watched != 0)
            follow();
    });
    if (!ignored.isEmpty())
        store.reset();
}

/// Events that came since the last look, in the order in which they came. That is not their order
/// by step: a run is paused after step t when it has been steered for step t + 1.
std::vector<telemetry::RunEvent> StoreReader::Impl::newEvents()
{
    std::vector<telemetry::RunEvent> events = reader().events(watched);
    // A resumed run gives ids of events that it has dropped anew: their time tells them apart.
    std::erase_if(events, [this](const telemetry::RunEvent& event) {
        return event.id <= watchedEvent && event.time <= watchedTime;
    });
    std::ranges::sort(events, {}, &telemetry::RunEvent::id);
    for (const telemetry::RunEvent& event : events) {
        watchedEvent = std::max<qint64>(watchedEvent, event.id);
        watchedTime = std::max(watchedTime, event.time);
        if (event.kind == "resumed") // the steps after it are trained again
            watchedStep = std::min<qint64>(watchedStep, event.step);
    }
    return events;
}

void StoreReader::Impl::startWatching(qint64 run, qint64 after, qint64 afterEvent)
{
    watched = run;
    watchedStep = after;
    watchedEvent = afterEvent;
    watchedTime = 0;
    watchedState.reset();
    if (run == 0)
        return;
    watchedState = reader().run(run).state;
    const std::vector<telemetry::RunEvent> events = reader().events(run);
    for (const telemetry::RunEvent& event : events) {
        if (afterEvent == 0 && event.step <= after)
            watchedEvent = std::max<qint64>(watchedEvent, event.id);
    }
    for (const telemetry::RunEvent& event : events) {
        if (event.id <= watchedEvent)
            watchedTime = std::max(watchedTime, event.time);
    }
}

void StoreReader::Impl::follow()
{
    const telemetry::RunInfo info = reader().run(watched);
    std::vector<telemetry::MessagePtr> batch;
    const auto add = [&batch](telemetry::Message message) {
        batch.push_back(std::make_shared<const telemetry::Message>(std::move(message)));
    };
    for (telemetry::RunEvent& event : newEvents()) {
        if (event.kind == "validation" && event.step <= watchedStep) {
            for (telemetry::StepRecord& record : reader().steps(watched, event.step, event.step))
                add(std::move(record)); // once more, validated
        }
        add(std::move(event));
    }
    const auto send = [&] {
        if (!batch.empty())
            answer([this, run = watched, batch = std::exchange(batch, {})] {
                Q_EMIT self.runGrew(run, batch);
            });
    };
    const bool goesOn
        = info.state == telemetry::RunState::Running || info.state == telemetry::RunState::Paused;
    while (info.steps > watchedStep) {
        const int64_t last = std::min<int64_t>(info.steps, watchedStep + 4 * kStepsAPiece);
        for (telemetry::StepRecord& record : reader().steps(watched, watchedStep + 1, last))
            add(std::move(record));
        watchedStep = last;
        if (goesOn)
            break; // the rest a second later; of a run that has ended nobody asks again
        send();
    }
    if (watchedState && *watchedState != info.state)
        add(telemetry::StateChange{info.state, {}});
    watchedState = info.state;
    send();
}

void StoreReader::Impl::loadRun(quint64 request, const QString& run, int tailSteps, bool withLayers)
{
    RunSnapshot snapshot = readRun(reader(), reader().find(run.toStdString()), tailSteps);
    const int64_t id = snapshot.info.id;
    const std::vector<int32_t> layers = withLayers ? snapshot.layers : std::vector<int32_t>{};
    answer([this, request, snapshot = std::move(snapshot)] {
        Q_EMIT self.snapshotLoaded(request, snapshot);
    });
    size_t done = 0;
    do {
        std::vector<LayerCurves> piece;
        for (; done < layers.size() && piece.size() < kLayersAPiece; ++done)
            piece.push_back(readLayerCurves(reader(), id, layers[done]));
        const bool last = done == layers.size();
        answer([this, request, piece = std::move(piece), last] {
            Q_EMIT self.layersLoaded(request, piece, last);
        });
    } while (done < layers.size());
}

void StoreReader::Impl::loadWindow(quint64 request, qint64 run, qint64 last, int steps)
{
    int64_t first = std::max<int64_t>(1, last - steps + 1);
    do {
        const int64_t end = std::min<int64_t>(last, first + kStepsAPiece - 1);
        std::vector<telemetry::StepRecord> piece = reader().steps(run, first, end);
        first = end + 1;
        answer([this, request, piece = std::move(piece), whole = first > last] {
            Q_EMIT self.windowLoaded(request, piece, whole);
        });
    } while (first <= last);
}

void StoreReader::requestRuns()
{
    m_impl->post([impl = m_impl.get()] { impl->attempt(0, [&] { impl->listRuns(true); }); });
}

quint64 StoreReader::requestRun(const QString& run, int tailSteps, bool withLayers)
{
    return m_impl->ask([impl = m_impl.get(), run, tailSteps, withLayers](quint64 request) {
        impl->loadRun(request, run, tailSteps, withLayers);
    });
}

quint64 StoreReader::requestLayer(qint64 run, int layer)
{
    return m_impl->ask([impl = m_impl.get(), run, layer](quint64 request) {
        LayerDetail detail = readLayerDetail(impl->reader(), run, layer);
        impl->answer([impl, request, detail = std::move(detail)] {
            Q_EMIT impl->self.layerLoaded(request, detail);
        });
    });
}

quint64 StoreReader::requestWindow(qint64 run, qint64 last, int steps)
{
    return m_impl->ask([impl = m_impl.get(), run, last, steps](
                           quint64 request) { impl->loadWindow(request, run, last, steps); });
}

void StoreReader::watch(qint64 run, qint64 after, qint64 afterEvent)
{
    m_impl->post([impl = m_impl.get(), run, after, afterEvent] {
        impl->attempt(0, [&] { impl->startWatching(run, after, afterEvent); });
    });
}

void StoreReader::rename(qint64 run, const QString& name)
{
    m_impl->ask([impl = m_impl.get(), run, name](quint64) {
        impl->change([&](telemetry::RunStore& store) { store.rename(run, name.toStdString()); });
    });
}

void StoreReader::setTags(qint64 run, const QStringList& tags)
{
    m_impl->ask([impl = m_impl.get(), run, tags](quint64) {
        std::vector<std::string> texts;
        for (const QString& tag : tags)
            texts.push_back(tag.toStdString());
        impl->change([&](telemetry::RunStore& store) { store.setTags(run, texts); });
    });
}

void StoreReader::setNotes(qint64 run, const QString& notes)
{
    m_impl->ask([impl = m_impl.get(), run, notes](quint64) {
        impl->change([&](telemetry::RunStore& store) { store.setNotes(run, notes.toStdString()); });
    });
}

void StoreReader::remove(qint64 run)
{
    m_impl->ask([impl = m_impl.get(), run](quint64) {
        impl->change([&](telemetry::RunStore& store) { store.remove(run); });
    });
}

void StoreReader::queueSteering(qint64 run, const QString& key, const QString& valueJson)
{
    m_impl->ask([impl = m_impl.get(), run, key, valueJson](quint64) {
        telemetry::RunStore writer(impl->path, telemetry::RunStore::Mode::ReadWrite);
        writer.queueSteering(run, key.toStdString(), valueJson.toStdString());
    });
}

void StoreReader::import(const QString& path)
{
    m_impl->ask([impl = m_impl.get(), path](quint64) {
        std::vector<qint64> ids;
        impl->change([&](telemetry::RunStore& store) {
            for (const int64_t id : telemetry::importRuns(store, path.toStdString()))
                ids.push_back(id);
        });
        impl->answer([impl, ids] { Q_EMIT impl->self.imported(ids); });
    });
}

void StoreReader::exportRun(qint64 run, const QString& format, const QString& path)
{
    m_impl->ask([impl = m_impl.get(), run, format, path](quint64) {
        telemetry::exportRun(impl->reader(), run, format.toStdString(), path.toStdString());
        impl->answer([impl, path] { Q_EMIT impl->self.exported(path); });
    });
}

} // namespace moe::session
