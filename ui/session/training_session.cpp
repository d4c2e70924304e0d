// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/training_session.h"

#include "engine/train/trainer.h"
#include "kernels/error.h"
#include "ui/session/error_line.h"

#include <nlohmann/json.hpp>

#include <QMetaObject>
#include <QTimer>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace moe::session {

namespace {

constexpr int kPumpMilliseconds = 33;
constexpr size_t kRingCapacity = 4096;

} // namespace

struct TrainingSession::Impl {
    explicit Impl(TrainingSession& owner, std::filesystem::path storePath)
        : self(owner)
        , store(std::move(storePath))
    {
    }

    template <typename Prepare> void launch(Prepare prepare, bool resume);
    void train(train::RunFile file, bool resume, int threadCount, const std::stop_token& stop);
    void pump();
    void deliver(const std::vector<telemetry::MessagePtr>& batch);
    void ended(const QString& error);

    TrainingSession& self;
    std::filesystem::path store;
    telemetry::Bus bus;
    std::shared_ptr<telemetry::Subscription> subscription;
    QTimer timer;
    bool running = false;
    int threads = 0;
    std::atomic<bool> paused = false;
    std::atomic<int64_t> run = 0;
    int64_t announcedRun = 0;

    std::mutex trainerMutex; ///< held only for the length of one steer(), setPaused() or swap
    train::Trainer* trainer = nullptr; ///< the worker's, while it trains
    std::jthread worker; ///< last: stops and joins before what it uses goes
};

TrainingSession::TrainingSession(std::filesystem::path store, QObject* parent)
    : QObject(parent)
    , m_impl(std::make_unique<Impl>(*this, std::move(store)))
{
    m_impl->timer.setInterval(kPumpMilliseconds);
    connect(&m_impl->timer, &QTimer::timeout, this, [this] { m_impl->pump(); });
}

TrainingSession::~TrainingSession()
{
    m_impl->timer.stop();
    // Joined here, while this object is still whole: the worker posts its last words to it.
    if (m_impl->worker.joinable()) {
        m_impl->worker.request_stop();
        m_impl->worker.join();
    }
}

void TrainingSession::setThreads(int threads)
{
    m_impl->threads = threads;
}

bool TrainingSession::isRunning() const
{
    return m_impl->running;
}

bool TrainingSession::isPaused() const
{
    return m_impl->paused;
}

int64_t TrainingSession::runId() const
{
    return m_impl->run;
}

template <typename Prepare> void TrainingSession::Impl::launch(Prepare prepare, bool resume)
{
    if (running)
        return;
    if (worker.joinable())
        worker.join(); // the last run's thread, at its end already
    running = true;
    paused = false;
    run = 0;
    announcedRun = 0;
    subscription = bus.subscribe(telemetry::Subscription::Loss::OldestFirst, kRingCapacity);
    timer.start();
    worker = std::jthread(
        [this, prepare = std::move(prepare), resume, count = threads](std::stop_token stop) {
            const QString error = errorLineOf([&] { train(prepare(stop), resume, count, stop); });
            QMetaObject::invokeMethod(
                &self, [this, error] { ended(error); }, Qt::QueuedConnection);
        });
    Q_EMIT self.stateChanged();
}

void TrainingSession::Impl::train(
    train::RunFile file, bool resume, int threadCount, const std::stop_token& stop)
{
    train::TrainerOptions options;
    options.store = store;
    options.bus = &bus;
    options.resume = resume;
    options.threads = threadCount;
    train::Trainer made(std::move(file), options);
    {
        const std::scoped_lock lock(trainerMutex);
        trainer = &made;
        if (paused)
            made.setPaused(true);
    }
    const auto leave = [this, &made] {
        const std::scoped_lock lock(trainerMutex);
        run = made.runId();
        trainer = nullptr;
    };
    try {
        made.run(stop);
    } catch (...) {
        leave();
        throw;
    }
    leave();
}

void TrainingSession::Impl::pump()
{
    if (run == 0) {
        const std::scoped_lock lock(trainerMutex);
        if (trainer != nullptr)
            run = trainer->runId();
    }
    if (run != 0 && announcedRun != run) {
        announcedRun = run;
        Q_EMIT self.registered(run);
    }
    deliver(subscription->drain());
}

void TrainingSession::Impl::deliver(const std::vector<telemetry::MessagePtr>& batch)
{
    if (batch.empty())
        return;
    for (const telemetry::MessagePtr& message : batch) {
        if (const auto* progress = std::get_if<telemetry::Progress>(message.get()))
            Q_EMIT self.preparing(
                QString::fromStdString(progress->what), progress->done, progress->total);
    }
    Q_EMIT self.messages(batch);
}

void TrainingSession::Impl::ended(const QString& error)
{
    timer.stop();
    pump(); // what came after the last tick
    running = false;
    paused = false;
    Q_EMIT self.stateChanged();
    if (!error.isEmpty())
        Q_EMIT self.failed(error);
    Q_EMIT self.finished();
}

void TrainingSession::start(train::RunFile file, bool resume)
{
    m_impl->launch([file = std::move(file)](const std::stop_token&) { return file; }, resume);
}

void TrainingSession::resume(const QString& runFileJson, const QString& name)
{
    m_impl->launch(
        [text = runFileJson.toStdString(), where = name.toStdString()](const std::stop_token&) {
            // Paths in a resolved file are whole; the folder is never used.
            return train::parseRunFile(base::parseJson(text, where), where, "/");
        },
        true);
}

void TrainingSession::startDemo(const std::filesystem::path& folder, int64_t steps)
{
    m_impl->launch(
        [impl = m_impl.get(), folder, steps](const std::stop_token& stop) {
            return train::demoRunFile(folder, steps, impl->bus, stop);
        },
        false);
}

void TrainingSession::setPaused(bool paused)
{
    if (!m_impl->running || m_impl->paused == paused)
        return;
    {
        const std::scoped_lock lock(m_impl->trainerMutex);
        m_impl->paused = paused;
        if (m_impl->trainer != nullptr)
            m_impl->trainer->setPaused(paused);
    }
    Q_EMIT stateChanged();
}

void TrainingSession::stop()
{
    if (m_impl->worker.joinable())
        m_impl->worker.request_stop();
}

void TrainingSession::steer(const QString& key, const QString& valueJson)
{
    const QString error = errorLineOf([&] {
        const std::scoped_lock lock(m_impl->trainerMutex);
        if (m_impl->trainer == nullptr)
            throw Error("no step has been trained yet", key.toStdString(),
                "change it when the first step is done");
        m_impl->trainer->steer(key.toStdString(), valueJson.toStdString(), "you");
    });
    if (!error.isEmpty())
        Q_EMIT steeringRefused(error);
}

} // namespace moe::session
