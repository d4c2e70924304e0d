// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/conductor.h"

#include "app/workbench/figures.h"
#include "app/workbench/pictures.h"
#include "app/workbench/recent_chats.h"
#include "app/workbench/recent_runs.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/error.h"
#include "kernels/peak.h"
#include "ui/chat/chat_workspace.h"
#include "ui/session/model_facts.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/main_window.h"
#include "ui/shell/start_page.h"
#include "ui/training/training_workspace.h"

#include <QApplication>
#include <QFileInfo>
#include <QLocale>
#include <QTimer>

#include <cstdio>
#include <utility>

namespace moe::workbench {

namespace {

using shell::MainWindow;

constexpr int64_t kDemoSteps = 1000;
constexpr int64_t kPictureSteps = 120;
constexpr quint64 kPictureSeed = 42;
constexpr qint64 kPictureTokens = 180; ///< a strip without a scroll bar
constexpr int kSettleMilliseconds = 1500; ///< what a page reads from the store has come by then

/// Runs on a thread of its own: large matrix products in both precisions.
QString measureCpu(int threads)
{
    const auto backend = kernels::makeCpuBackend(threads);
    const QLocale locale;
    const auto gigaflops = [&](kernels::DType type) {
        return locale.toString(kernels::measureMatmulPeak(*backend, type) / 1e9, 'f', 0);
    };
    return Conductor::tr("float32 %1, bfloat16 %2 GFLOP/s")
        .arg(gigaflops(kernels::DType::Float32), gigaflops(kernels::DType::BFloat16));
}

} // namespace

struct Conductor::Impl {
    Impl(Conductor& owner, MainWindow& shown, Options given, bool takesPictures)
        : self(owner)
        , window(shown)
        , options(std::move(given))
        , pictures(takesPictures)
    {
    }

    Conductor& self;
    MainWindow& window;
    Options options;
    bool pictures, quitting = false, failed = false;
    QString printedLine; ///< on standard error, the last
    training::TrainingWorkspace* training = nullptr;
    chat::ChatWorkspace* chat = nullptr;
    QString store;
    FigurePrinter* printer = nullptr;
    size_t nextPicture = 0; ///< of options.screenshotsAt

    int64_t demoSteps() const;
    QString folder() const;
    void attach(const QString& storeFile);
    void attachChat();
    void startDemo();
    void show(int64_t step);
    void ended();
    void fail(const QString& line);
    void takeAll();
    void takeChat(); ///< a reply of the newest checkpoint
    void finish();
    void leave();
    template <typename Work> void guarded(Work work);
};

Conductor::Conductor(
    MainWindow& window, const Options& options, const QString& store, bool pictures)
    : m_impl(new Impl(*this, window, options, pictures))
{
    if (pictures)
        requirePictureFolder(m_impl->folder());
    m_impl->attach(store);
}

Conductor::~Conductor() = default;

int64_t Conductor::Impl::demoSteps() const
{
    if (options.steps)
        return *options.steps;
    const int64_t last = options.screenshotsAt.empty() ? 0 : options.screenshotsAt.back();
    return pictures ? std::max(last, last > 0 ? last : kPictureSteps) : kDemoSteps;
}

QString Conductor::Impl::folder() const
{
    return options.screenshots.isEmpty() ? QStringLiteral("demo-screenshots") : options.screenshots;
}

void Conductor::Impl::attach(const QString& storeFile)
{
    store = storeFile;
    training = new training::TrainingWorkspace(window.services(), store.toStdString());
    training->setThreads(options.threads);
    window.addWorkspace(MainWindow::Page::Training, training);
    window.actions().add({QStringLiteral("run.demo"), tr("Watch the demo train"),
                             QStringLiteral("play"), {}, shell::ActionRegistry::Category::Run},
        [this] { startDemo(); });
    shell::StartPage& start = window.startPage();
    auto* recent = new RecentRuns(
        store.toStdString(),
        [this](qint64 run) {
            training->openRun(QString::number(run));
            window.showPage(MainWindow::Page::Training);
        },
        training);
    connect(training, &training::TrainingWorkspace::recentChanged, recent, &RecentRuns::read);
    start.addRecentSource(recent);
    start.machine().setMeasurement([threads = options.threads] { return measureCpu(threads); });
    connect(&start, &shell::StartPage::allRunsWanted, &self, [this] {
        window.showPage(MainWindow::Page::Training);
        training->showRuns();
    });
    // An action that starts from the start page ends on the Training page.
    for (const char* id : {"run.new", "run.import"}) {
        if (const QAction* action = window.actions().find(QLatin1String(id)))
            connect(action, &QAction::triggered, &self,
                [this] { window.showPage(MainWindow::Page::Training); });
    }
    attachChat();
    using Training = training::TrainingWorkspace;
    // an opened layer hides the docks: that is no layout to come back to
    connect(&window, &MainWindow::aboutToSave, training, &Training::showDashboard);
    connect(training, &Training::stepShown, &self, [this](qint64 step) { show(step); });
    connect(training, &Training::finished, &self, [this] { ended(); });
    connect(training, &Training::failed, &self, [this](const QString& line) { fail(line); });
    connect(training, &Training::recentChanged, &self, [this] {
        window.startPage().machine().setState(
            training->isTraining() ? Conductor::tr("training") : Conductor::tr("idle"));
    });
    if (pictures && options.screenshots.isEmpty()) {
        printer = new FigurePrinter(store.toStdString(), demoSteps(), &self);
    }
}

void Conductor::Impl::attachChat()
{
    chat = new chat::ChatWorkspace(window.services(), store.toStdString());
    chat->setThreads(options.threads);
    window.addWorkspace(MainWindow::Page::Chat, chat);
    window.startPage().addRecentSource(new RecentChats(*chat, chat));
    connect(chat, &chat::ChatWorkspace::pageWanted, &self,
        [this] { window.showPage(MainWindow::Page::Chat); });
    connect(chat, &chat::ChatWorkspace::failed, &self, [this](const QString& line) { fail(line); });
}

void Conductor::begin()
{
    if (m_impl->pictures || m_impl->options.demo)
        return m_impl->startDemo();
    if (m_impl->options.open.isEmpty())
        return;
    if (m_impl->options.open.contains(QLatin1Char('/'))
        && QFileInfo(m_impl->options.open).isDir()) {
        m_impl->window.showPage(MainWindow::Page::Chat);
        m_impl->chat->openModel(m_impl->options.open);
        return;
    }
    m_impl->window.showPage(MainWindow::Page::Training);
    m_impl->training->openRun(m_impl->options.open);
}

void Conductor::Impl::startDemo()
{
    window.showPage(MainWindow::Page::Training);
    training->startDemo(demoSteps());
}

void Conductor::Impl::show(int64_t step)
{
    if (printer)
        printer->print();
    if (!pictures || quitting)
        return;
    const auto& at = options.screenshotsAt;
    while (nextPicture < at.size() && step >= at[nextPicture]) {
        guarded([&] {
            takePicture(window, folder(), QStringLiteral("training-%1").arg(at[nextPicture]));
        });
        ++nextPicture;
    }
}

void Conductor::Impl::ended()
{
    if (quitting)
        return leave();
    if (!pictures)
        return;
    if (printer)
        printer->print();
    QTimer::singleShot(kSettleMilliseconds, &self, [this] { takeAll(); });
}

/// The pages one after another, each with time to read what it shows.
void Conductor::Impl::takeAll()
{
    guarded([&] { takePicture(window, folder(), QStringLiteral("training")); });
    window.openPalette(QStringLiteral("lay"));
    guarded([&] { takePicture(window, folder(), QStringLiteral("palette")); });
    window.commandPalette().dismiss();
    training->selectLayer(2);
    QTimer::singleShot(kSettleMilliseconds, &self, [this] {
        guarded([&] { takePicture(window, folder(), QStringLiteral("training-layer")); });
        training->showDashboard();
        window.showPage(MainWindow::Page::Start);
        QTimer::singleShot(kSettleMilliseconds / 2, &self, [this] {
            guarded([&] { takePicture(window, folder(), QStringLiteral("start")); });
            takeChat();
        });
    });
}

void Conductor::Impl::takeChat()
{
    const auto checkpoints = session::runCheckpoints(store.toStdString());
    if (checkpoints.empty())
        return finish();
    window.showPage(MainWindow::Page::Chat);
    connect(chat, &chat::ChatWorkspace::modelOpened, &self, [this] {
        chat->newConversation();
        chat->setSampling(kPictureSeed, kPictureTokens);
        chat->send(Conductor::tr("The experts of a layer"));
    });
    connect(chat, &chat::ChatWorkspace::replyEnded, &self, [this] {
        QTimer::singleShot(kSettleMilliseconds, &self, [this] {
            guarded([&] { takePicture(window, folder(), QStringLiteral("chat")); });
            finish();
        });
    });
    chat->openModel(QString::fromStdString(checkpoints.front().folder.string()));
}

void Conductor::Impl::fail(const QString& line)
{
    // what reads a store that is damaged does so more than once
    if (std::exchange(printedLine, line) != line)
        std::fprintf(stderr, "moe-workbench: error: %s\n", qUtf8Printable(line));
    failed = true;
    if (pictures) // else the window goes on, with the line in its message bar
        QApplication::exit(1);
}

void Conductor::Impl::finish()
{
    QApplication::exit(failed ? 1 : 0);
}

void Conductor::Impl::leave()
{
    if (!options.screenshots.isEmpty())
        fail(QStringLiteral("not all pictures were taken: %1: leave the session more time")
                 .arg(options.screenshots));
    finish();
}

template <typename Work> void Conductor::Impl::guarded(Work work)
{
    try {
        work();
    } catch (const Error& problem) {
        fail(QString::fromUtf8(problem.what()));
    }
}

void Conductor::stopAndQuit()
{
    if (m_impl->quitting)
        return;
    m_impl->quitting = true;
    if (m_impl->training->isTraining())
        m_impl->training->stopTraining(); // finished() follows, and finish()
    else
        m_impl->leave();
}

} // namespace moe::workbench
