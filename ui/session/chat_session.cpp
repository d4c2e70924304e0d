// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/chat_session.h"

#include "engine/base/memory.h"
#include "engine/infer/generator.h"
#include "engine/serve/served_model.h"
#include "kernels/error.h"
#include "ui/session/error_line.h"
#include "ui/session/prompt_preview.h"
#include "ui/session/reply_trace.h"
#include "ui/shell/mailbox.h"

#include <QTimer>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace moe::session {

namespace {

constexpr int kPumpMilliseconds = 33;
constexpr int64_t kRunnersUp = 2; ///< of each token in each layer
constexpr int64_t kParallel = 2; ///< two branches, or both sides of a comparison
constexpr std::string_view kReplacement = "\uFFFD"; ///< of a character that is not whole

/// One reply between the threads: the generator's fills it, the pump empties it.
struct Reply {
    quint64 number = 0;
    std::mutex mutex;
    std::string text;
    int64_t replaces = 0; ///< of what it goes on from, until the first text comes
    std::unique_ptr<ReplyTrace> trace;
    std::optional<infer::GenerationResult> result;
    std::string error; ///< it never came to a result
    std::atomic<bool> stopped = false;
    infer::RequestId request = 0; ///< 0: not with the generator yet; guarded by mutex
    chats::ReplyFacts facts;
};

infer::Sampling samplingOf(const chats::SamplingSettings& settings)
{
    infer::Sampling sampling;
    sampling.temperature = settings.temperature;
    sampling.topP = settings.topP;
    sampling.topK = settings.topK;
    sampling.minP = settings.minP;
    sampling.repetitionPenalty = settings.repetitionPenalty;
    return sampling;
}

} // namespace

struct ChatSession::Impl {
    explicit Impl(ChatSession& owner)
        : self(owner)
        , mailbox(&owner)
        , worker([this](const std::stop_token& stop) { serve(stop); })
    {
    }

    using Job = std::function<void()>;
    void serve(const std::stop_token& stop);
    void post(Job job);
    void openNow(const std::filesystem::path& path, quint64 generation, infer::OpenOptions options);
    bool staysMeanwhile(const std::filesystem::path& path, infer::OpenOptions& options) const;
    void takeMade(quint64 generation, bool wanted);
    void sayWhatIsOpen(quint64 generation, bool opened, const QString& error);
    void closeNow();
    void submit(const std::shared_ptr<Reply>& reply, const ReplyRequest& request);
    void pump();
    void deliver(Reply& reply);

    ChatSession& self;
    shell::Mailbox mailbox; ///< to the GUI thread
    // GUI thread
    State state = State::Empty;
    std::filesystem::path folder;
    infer::OpenedModel* shown = nullptr; ///< the worker's, while Ready
    serve::ServedModel served; ///< of `shown`
    std::function<void()> beforeClosing = [] {
    }; ///< set before the worker has work
    std::stop_source opening;
    bool taken = false; ///< what is being opened takes its place: too late to cancel
    quint64 generation = 0; ///< of open and close: late words of an older one are dropped
    int threads = 0;
    quint64 lastReply = 0;
    std::map<quint64, std::shared_ptr<Reply>> replies; ///< that have not ended
    QTimer timer;

    // Worker thread. The generator goes before the model that it runs.
    std::unique_ptr<infer::OpenedModel> model;
    std::filesystem::path modelFolder;
    std::unique_ptr<infer::Generator> generator;
    struct Made {
        std::unique_ptr<infer::OpenedModel> model;
        std::unique_ptr<infer::Generator> generator;
    };
    std::filesystem::path madeFolder;
    std::unique_ptr<Made> made; ///< until the window has said that it is still wanted
    std::mutex generatorMutex; ///< stop() against the end of the generator; never held for long

    std::mutex mutex;
    std::condition_variable_any wake;
    std::deque<Job> jobs;
    std::jthread worker; ///< last: joins before what it uses goes
};

void ChatSession::Impl::serve(const std::stop_token& stop)
{
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex);
            if (!wake.wait(lock, stop, [this] { return !jobs.empty(); }))
                break;
            if (stop.stop_requested())
                break;
            job = std::move(jobs.front());
            jobs.pop_front();
        }
        job();
    }
    closeNow();
}

void ChatSession::Impl::post(Job job)
{
    {
        const std::scoped_lock lock(mutex);
        jobs.push_back(std::move(job));
    }
    wake.notify_one();
}

void ChatSession::Impl::closeNow()
{
    beforeClosing();
    std::unique_ptr<infer::Generator> last;
    {
        const std::scoped_lock lock(generatorMutex);
        last = std::move(generator);
    }
    last.reset(); // cancels what runs and waits for it
    model.reset();
    made.reset();
}

/// Whether the model that is open stays until the other one is there: memory holds both, with as
/// much again for what they work with. One that cannot be opened then takes nothing away.
bool ChatSession::Impl::staysMeanwhile(
    const std::filesystem::path& path, infer::OpenOptions& options) const
{
    if (!model)
        return false;
    bool stays = false;
    errorLineOf([&] {
        const int64_t open = infer::bytesOfWeights(modelFolder);
        const int64_t other = std::filesystem::exists(path / "config.json")
            ? infer::bytesOfWeights(path)
            : 0; // opening it says so
        stays = open + other + options.besideBytes <= base::availableMemoryBytes() / 2;
        options.besideBytes += stays ? open : 0;
    });
    return stays;
}

void ChatSession::Impl::openNow(
    const std::filesystem::path& path, quint64 number, infer::OpenOptions options)
{
    made.reset(); // of an older call
    if (!staysMeanwhile(path, options))
        closeNow();
    options.progress = [this, number](const telemetry::Progress& progress) {
        mailbox.post([this, number, progress] {
            if (number == generation)
                Q_EMIT self.progressed(QString::fromStdString(progress.what), progress.done,
                    progress.total, QString::fromStdString(progress.unit));
        });
    };
    auto other = std::make_unique<Made>();
    const QString error = errorLineOf([&] {
        other->model = std::make_unique<infer::OpenedModel>(path, options);
        other->generator = std::make_unique<infer::Generator>(*other->model);
    });
    if (other->generator == nullptr)
        return sayWhatIsOpen(number, false, error);
    made = std::move(other);
    madeFolder = path;
    mailbox.post([this, number, cancelled = options.cancelled] {
        if (number != generation)
            return;
        taken = !cancelled.stop_requested();
        post([this, number, wanted = taken] { takeMade(number, wanted); });
    });
}

/// In the place of the model that is open, which stays where the other one is not wanted any more.
void ChatSession::Impl::takeMade(quint64 number, bool wanted)
{
    const std::unique_ptr<Made> other = std::move(made);
    if (wanted) {
        closeNow();
        const std::scoped_lock lock(generatorMutex);
        model = std::move(other->model);
        modelFolder = madeFolder;
        generator = std::move(other->generator);
    }
    sayWhatIsOpen(number, wanted, {});
}

/// To the window: the model that was asked for, the one that stayed in its place, or none.
void ChatSession::Impl::sayWhatIsOpen(quint64 number, bool opened, const QString& error)
{
    mailbox.post(
        [this, number, opened, error, there = model.get(), itsFolder = modelFolder,
            asServed = generator ? serve::servedModel(*model, *generator) : serve::ServedModel()] {
            if (number != generation)
                return;
            shown = there;
            served = asServed;
            state = there != nullptr ? State::Ready : State::Empty;
            if (there != nullptr)
                folder = itsFolder;
            if (opened)
                Q_EMIT self.opened();
            else if (there != nullptr)
                Q_EMIT self.kept();
            else if (error.isEmpty())
                Q_EMIT self.closed();
            if (!opened && !error.isEmpty())
                Q_EMIT self.openFailed(error);
        });
}

void ChatSession::Impl::submit(const std::shared_ptr<Reply>& reply, const ReplyRequest& request)
{
    const QString error = errorLineOf([&] {
        if (!generator)
            throw Error("no model is open", "this conversation", "open one");
        infer::GenerationRequest asked;
        std::string prompt = promptOf(*model, request);
        chats::ReplyRouting before; // with it, the reply goes on from its very tokens
        const std::string said = request.goOn ? request.messages.back().second : std::string();
        int64_t replaces = 0;
        if (request.goOn && !request.before.ids.empty()
            && spells(model->tokenizer(), request.before.ids, said)) {
            before = request.before;
            if (said.ends_with(kReplacement))
                replaces = unfinishedBytes(model->tokenizer(), before.ids);
        } else if (said.ends_with(kReplacement)) { // cut off inside of a character: drawn anew
            replaces = std::ssize(kReplacement);
        }
        if (before.ids.empty())
            prompt += said.substr(0, said.size() - static_cast<size_t>(replaces));
        asked.prompt = model->tokenizer().encodeRendered(prompt);
        asked.prompt.insert(asked.prompt.end(), before.ids.begin(), before.ids.end());
        const int64_t behind = said.empty() ? 0 : std::ssize(asked.prompt);
        asked.continued = before.ids.empty() ? behind : std::ssize(before.ids);
        asked.maxTokens = request.sampling.maxTokens;
        asked.sampling = samplingOf(request.sampling);
        asked.seed = reply->facts.seed;
        asked.routing = model->config().isMoe();
        asked.routingExtra = asked.routing ? kRunnersUp : 0;
        for (const chats::MaskedExpert& mask : request.masks)
            asked.masks.push_back({mask.layer, mask.expert});
        {
            const std::scoped_lock lock(reply->mutex);
            reply->facts.promptTokens = std::ssize(asked.prompt);
            reply->replaces = replaces;
            reply->trace = std::make_unique<ReplyTrace>(
                *model, std::ssize(asked.prompt), asked.routingExtra, std::move(before));
        }
        const infer::RequestId id = generator->submit(
            std::move(asked),
            [reply](const infer::GeneratedPiece& piece) {
                const std::scoped_lock lock(reply->mutex);
                reply->text += piece.text;
                reply->trace->add(piece.ids, piece.routing);
            },
            [reply](const infer::GenerationResult& result) {
                const std::scoped_lock lock(reply->mutex);
                reply->result = result;
            });
        {
            const std::scoped_lock lock(reply->mutex);
            reply->request = id;
        }
        if (reply->stopped) // while it was on its way here
            generator->cancel(id);
    });
    if (error.isEmpty())
        return;
    const std::scoped_lock lock(reply->mutex);
    reply->error = error.toStdString();
}

void ChatSession::Impl::pump()
{
    const auto all = replies; // a slot may ask for another reply
    for (const auto& [number, reply] : all)
        deliver(*reply);
    if (replies.empty())
        timer.stop();
}

void ChatSession::Impl::deliver(Reply& reply)
{
    ReplyPart news;
    std::optional<infer::GenerationResult> result;
    std::string error;
    {
        const std::scoped_lock lock(reply.mutex);
        news.text = std::exchange(reply.text, {});
        if (!news.text.empty())
            news.replaces = std::exchange(reply.replaces, 0);
        if (reply.trace)
            news.routing = reply.trace->take();
        result = std::exchange(reply.result, std::nullopt);
        error = reply.error;
    }
    if (!news.text.empty() || !news.routing.ids.empty() || !news.routing.experts.empty())
        Q_EMIT self.part(reply.number, news);
    if (!result && error.empty())
        return;
    ReplyEnd end;
    end.facts = reply.facts;
    if (result) {
        end.facts.tokens = std::ssize(result->ids);
        end.facts.firstTokenSeconds = result->ttftSeconds;
        end.facts.tokensPerSecond = result->decodeTokensPerSecond;
        end.facts.finish = infer::nameOf(result->finish);
        end.facts.error = result->error ? result->error->what() : "";
        end.text = std::move(result->text);
    } else {
        end.facts.finish = infer::nameOf(infer::FinishReason::Failed);
        end.facts.error = error;
    }
    replies.erase(reply.number);
    Q_EMIT self.ended(reply.number, end);
}

ChatSession::ChatSession(QObject* parent)
    : QObject(parent)
    , m_impl(std::make_unique<Impl>(*this))
{
    m_impl->timer.setInterval(kPumpMilliseconds);
    connect(&m_impl->timer, &QTimer::timeout, this, [this] { m_impl->pump(); });
}

ChatSession::~ChatSession()
{
    m_impl->timer.stop();
    m_impl->opening.request_stop();
    m_impl->worker.request_stop();
    m_impl->worker.join(); // while this object is whole
}

void ChatSession::setThreads(int threads)
{
    m_impl->threads = threads;
}

void ChatSession::open(const std::filesystem::path& folder, int64_t besideBytes)
{
    Impl& impl = *m_impl;
    impl.opening.request_stop(); // of one that is still being opened
    impl.opening = {};
    impl.taken = false;
    impl.shown = nullptr;
    impl.state = State::Opening;
    impl.folder = folder;
    const quint64 generation = ++impl.generation;
    infer::OpenOptions options;
    options.threads = impl.threads;
    options.parallel = kParallel;
    options.besideBytes = besideBytes;
    options.cancelled = impl.opening.get_token();
    impl.post([&impl, folder, generation, options = std::move(options)] {
        impl.openNow(folder, generation, options);
    });
}

void ChatSession::cancelOpening()
{
    if (m_impl->state == State::Opening && !m_impl->taken)
        m_impl->opening.request_stop(); // closed() or kept() follows
}

void ChatSession::close()
{
    Impl& impl = *m_impl;
    if (impl.state == State::Empty)
        return;
    impl.opening.request_stop();
    impl.shown = nullptr;
    impl.state = State::Empty;
    ++impl.generation;
    impl.post([&impl] { impl.closeNow(); });
    Q_EMIT closed();
}

ChatSession::State ChatSession::state() const
{
    return m_impl->state;
}

const std::filesystem::path& ChatSession::folder() const
{
    return m_impl->folder;
}

const infer::OpenedModel* ChatSession::model() const
{
    return m_impl->shown;
}

const serve::ServedModel* ChatSession::served() const
{
    return m_impl->shown != nullptr ? &m_impl->served : nullptr;
}

void ChatSession::setBeforeClosing(std::function<void()> beforeClosing)
{
    m_impl->beforeClosing = std::move(beforeClosing);
}

void ChatSession::preview(ReplyRequest request, std::function<void(const PromptPreview&)> done)
{
    m_impl->post([impl = m_impl.get(), request = std::move(request), done = std::move(done)] {
        if (impl->model)
            impl->mailbox.post(
                [done, preview = previewOf(*impl->model, request)] { done(preview); });
    });
}

quint64 ChatSession::reply(ReplyRequest request)
{
    Impl& impl = *m_impl;
    const auto reply = std::make_shared<Reply>();
    reply->number = ++impl.lastReply;
    reply->facts.sampling = request.sampling;
    reply->facts.masks = request.masks;
    reply->facts.seed
        = request.sampling.seed ? *request.sampling.seed : std::random_device{}() & 0x7FFFFFFFU;
    impl.replies[reply->number] = reply;
    impl.post([&impl, reply, request = std::move(request)] { impl.submit(reply, request); });
    impl.timer.start();
    return reply->number;
}

chats::ReplyFacts ChatSession::factsOf(quint64 number) const
{
    const auto found = m_impl->replies.find(number);
    if (found == m_impl->replies.end())
        return {};
    const std::scoped_lock lock(found->second->mutex);
    return found->second->facts;
}

void ChatSession::stop(quint64 number)
{
    const auto found = m_impl->replies.find(number);
    if (found == m_impl->replies.end())
        return;
    Reply& reply = *found->second;
    reply.stopped = true;
    infer::RequestId request = 0;
    {
        const std::scoped_lock lock(reply.mutex);
        request = reply.request;
    }
    const std::scoped_lock lock(m_impl->generatorMutex);
    if (request != 0 && m_impl->generator)
        m_impl->generator->cancel(request);
}

bool ChatSession::isReplying() const
{
    return !m_impl->replies.empty();
}

} // namespace moe::session
