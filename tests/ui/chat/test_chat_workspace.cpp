// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "engine/chats/chat_exchange.h"
#include "engine/infer/generator.h"
#include "engine/infer/opened_model.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/open_model_dialog.h"
#include "ui/plots/heatmap_plot.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>
#include <QWindow>

using namespace moe;
using namespace moe::chat;

/// Clicks and keys against a model that was trained on the spot.
class TestChatWorkspace : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { trainModel(); }
    void init() { newStore(); }
    void saysWhatIsMissing();
    void factsBeforeLoading();
    void talksAndRemembers();
    void stopsInTheMiddle();
    void branchesByRegeneratingAndEditing();
    void deletesAndUndoes();
    void searchesAndOpensTheHit();
    void masksAnExpert();
    void routingIsThatOfTheEngine();
    void continuesWithTheWholeRouting();
};

void TestChatWorkspace::saysWhatIsMissing()
{
    const auto window = open(false);
    QVERIFY(!window->find<QPushButton>("sendButton")->isEnabled());
    QVERIFY(window->find<QPushButton>("sendButton")->toolTip().contains(QLatin1String("model")));
    QSignalSpy failed(window->page, &ChatWorkspace::failed);
    window->page->openModel(m_folder->path());
    QVERIFY(failed.wait(kLong));
    QVERIFY2(failed[0][0].toString().contains(QLatin1String("model.safetensors")),
        qPrintable(failed[0][0].toString()));
    QVERIFY(window->messages->text().contains(QLatin1String("model.safetensors")));
    QVERIFY(!window->page->hasModel());
}

void TestChatWorkspace::factsBeforeLoading()
{
    QWidget parent;
    OpenModelDialog dialog({}, m_runs, &parent);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.show();
    auto* list = dialog.findChild<QListWidget*>(QStringLiteral("modelList"));
    QTRY_COMPARE(list->count(), 1); // the run's checkpoint
    QVERIFY(list->item(0)->text().contains(QLatin1String("40")));
    list->setCurrentRow(0);
    auto* facts = dialog.findChild<QLabel*>(QStringLiteral("modelFacts"));
    auto* open = dialog.findChild<QPushButton*>(QStringLiteral("openModel"));
    QTRY_VERIFY(open->isEnabled());
    QVERIFY2(facts->text().contains(QLatin1String("6 experts")), qPrintable(facts->text()));
    QSignalSpy chosen(&dialog, &OpenModelDialog::folderChosen);
    QTest::mouseClick(open, Qt::LeftButton);
    QCOMPARE(chosen.size(), 1);
    QCOMPARE(chosen[0][0].toString().toStdString(), m_model.string());
    auto* folder = dialog.findChild<QLineEdit*>(QStringLiteral("modelFolder"));
    folder->setText(QStringLiteral("/nowhere"));
    QTRY_VERIFY(facts->text().contains(QLatin1String("no such folder")));
    QVERIFY(!open->isEnabled());
}

void TestChatWorkspace::talksAndRemembers()
{
    {
        const auto window = open();
        QTest::keyClicks(&window->input(), QStringLiteral("The router"));
        QTest::keyClick(&window->input(), Qt::Key_Return);
        QVERIFY(window->page->isReplying());
        QVERIFY(window->find<QPushButton>("stopButton")->isVisible());
        wait(*window);
        QVERIFY(window->find<QPushButton>("sendButton")->isVisible());
        QCOMPARE(window->input().toPlainText(), QString());
        auto* canvas = window->find<StripCanvas>("expertStrip");
        QVERIFY(canvas != nullptr && canvas->isVisible());
        window->save(QStringLiteral("chat-talk.png"));
        QTest::keyClicks(&window->input(), QStringLiteral("not sent yet"));
        QTest::qWait(400); // longer than the pause after which a draft is kept
    }
    const chats::Conversation said = newest();
    QCOMPARE(said.info.title, std::string("The router"));
    QCOMPARE(said.draft, std::string("not sent yet"));
    QCOMPARE(said.path().size(), size_t{2});
    const chats::Message& reply = *said.find(said.leaf);
    QVERIFY(reply.facts.tokens > 0);
    QVERIFY(reply.facts.promptTokens > 0);
    QVERIFY(reply.facts.firstTokenSeconds > 0);
    QVERIFY(!reply.facts.finish.empty());
    QCOMPARE(reply.facts.step, int64_t{40});
    QCOMPARE(reply.model, m_model.string());
    const auto window = open(false); // comes back as it was
    QTRY_COMPARE(window->input().toPlainText(), QStringLiteral("not sent yet"));
    QTRY_VERIFY(window->view().view(reply.id) != nullptr);
    QTRY_VERIFY(window->find<StripCanvas>("expertStrip") != nullptr);
}

void TestChatWorkspace::stopsInTheMiddle()
{
    const auto window = open();
    QSignalSpy ended(window->page, &ChatWorkspace::replyEnded);
    window->page->send(QStringLiteral("The"));
    QVERIFY(window->page->isReplying());
    auto* stop = window->find<QPushButton>("stopButton");
    QTRY_VERIFY(stop->isVisible());
    QTest::mouseClick(stop, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!ended.isEmpty(), kLong);
    wait(*window);
    const chats::Message reply = *newest().find(newest().leaf);
    QVERIFY2(reply.state == chats::MessageState::Stopped,
        qPrintable(QStringLiteral("%1, %2 tokens")
                       .arg(QString::fromStdString(reply.facts.finish))
                       .arg(reply.facts.tokens)));
    QVERIFY(reply.facts.tokens < reply.facts.sampling.maxTokens);
}

void TestChatWorkspace::branchesByRegeneratingAndEditing()
{
    const auto window = open();
    say(*window, QStringLiteral("The router"));
    window->registry.find(QStringLiteral("chat.regenerate"))->trigger();
    QVERIFY(window->page->isReplying());
    wait(*window);
    QTRY_COMPARE(newest().messages.size(), size_t{3});
    chats::Conversation said = newest();
    const int64_t first = said.messages[1].id, second = said.messages[2].id;
    QCOMPARE(said.siblings(first), (std::vector<int64_t>{first, second}));
    QCOMPARE(said.leaf, second);
    MessageView* reply = window->view().view(second);
    QVERIFY(reply != nullptr);
    QTest::mouseClick(
        reply->findChild<QToolButton*>(QStringLiteral("previousBranch")), Qt::LeftButton);
    QTRY_COMPARE(newest().leaf, first);
    QVERIFY(window->view().view(first) != nullptr);
    // Up in the empty field edits the question into another branch
    window->input().setFocus();
    QTest::keyClick(&window->input(), Qt::Key_Up);
    auto* editor = window->find<QPlainTextEdit>("messageEditor");
    QVERIFY(editor != nullptr);
    QTest::keyClicks(editor, QStringLiteral(" of layer"));
    QTest::keyClick(editor, Qt::Key_Return);
    wait(*window);
    QTRY_COMPARE(newest().messages.size(), size_t{5});
    said = newest();
    QCOMPARE(said.find(said.path()[0])->text, std::string("The router of layer"));
    QCOMPARE(said.siblings(said.path()[0]).size(), size_t{2});
}

void TestChatWorkspace::deletesAndUndoes()
{
    const auto window = open();
    say(*window, QStringLiteral("The"));
    const int64_t leaf = newest().leaf;
    MessageView* reply = window->view().view(leaf);
    QVERIFY(reply != nullptr);
    QTest::mouseClick(
        reply->findChild<QToolButton*>(QStringLiteral("removeMessage")), Qt::LeftButton);
    QTRY_COMPARE(newest().messages.size(), size_t{1});
    QVERIFY(window->messages->text().contains(QLatin1String("deleted")));
    window->registry.find(QStringLiteral("chat.undo"))->trigger();
    QTRY_COMPARE(newest().messages.size(), size_t{2});
    QTRY_COMPARE(newest().leaf, leaf);
}

void TestChatWorkspace::searchesAndOpensTheHit()
{
    int64_t other = 0;
    {
        chats::ChatStore store(m_store);
        chats::Conversation one = chats::fromJsonText(
            R"([{"role": "user", "content": "alpha question"}, {"role": "assistant", "content": "beta answer 专家"}])",
            "here");
        store.create(one);
        other = one.messages[1].id;
        chats::Conversation two
            = chats::fromJsonText(R"([{"role": "user", "content": "gamma"}])", "here");
        two.info.updated += 5;
        store.create(two);
    }
    const auto window = open(false);
    auto* list = window->find<QListWidget>("conversationList");
    QTRY_VERIFY(list->count() >= 3); // a heading and two rows
    QVERIFY(window->view().view(other) == nullptr);
    window->find<QLineEdit>("conversationSearch")->setText(QStringLiteral("专家"));
    QTRY_COMPARE(list->count(), 2);
    QTest::mouseClick(
        list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->item(1)).center());
    QTRY_VERIFY(window->view().view(other) != nullptr);
    window->find<QLineEdit>("conversationSearch")->clear();
    QTRY_VERIFY(list->count() >= 3);
}

void TestChatWorkspace::masksAnExpert()
{
    const auto window = open();
    window->page->setSampling(7, 40); // both fit the context
    say(*window, QStringLiteral("The router"));
    auto* map = window->find<plots::HeatmapPlot>("routingHeatmap");
    QVERIFY(map->isVisible());
    QCOMPARE(map->data().rows, 3);
    QCOMPARE(map->data().columns, 6);
    // the busiest expert of layer 1
    int busiest = 0;
    for (int expert = 1; expert < 6; ++expert) {
        if (map->data().values[6 + static_cast<size_t>(expert)]
            > map->data().values[6 + static_cast<size_t>(busiest)])
            busiest = expert;
    }
    QTest::mouseClick(window->window.windowHandle(), Qt::RightButton, {},
        map->mapTo(&window->window, map->pixelOf(1, busiest).toPoint()));
    auto* menu = window->find<QMenu>("cellMenu");
    QVERIFY(menu != nullptr);
    menu->actions().at(1)->trigger(); // its tokens
    menu->actions().at(0)->trigger(); // mask it
    menu->close();
    QVERIFY(window->find<QWidget>("maskBar")->isVisible());
    QCOMPARE(map->data().masked[6 + static_cast<size_t>(busiest)], uint8_t{1});
    say(*window, QStringLiteral("The router"));
    QCOMPARE(map->data().values[6 + static_cast<size_t>(busiest)], 0.0F);
    window->save(QStringLiteral("chat-masked.png"));
    QCOMPARE(newest().find(newest().leaf)->facts.masks.size(), size_t{1});
    QTest::mouseClick(window->find<QPushButton>("unmaskAll"), Qt::LeftButton);
    QVERIFY(!window->find<QWidget>("maskBar")->isVisible());
    QTRY_VERIFY(newest().setup.masks.empty());
}

void TestChatWorkspace::routingIsThatOfTheEngine()
{
    chats::ReplyRouting shown;
    chats::Message reply;
    std::string question;
    {
        const auto window = open();
        window->page->setSampling(11, 200);
        say(*window, QStringLiteral("The router of"));
        const chats::Conversation said = newest();
        reply = *said.find(said.leaf);
        question = said.messages[0].text;
        QTRY_VERIFY(!chats::ChatStore(m_store).routing(reply.id).empty());
        shown = chats::decodeRouting(chats::ChatStore(m_store).routing(reply.id));
    }
    infer::OpenOptions options;
    options.threads = 2;
    infer::OpenedModel model(m_model, options);
    infer::Generator generator(model);
    infer::GenerationRequest request;
    request.prompt = model.encode(
        text::checkedChat(base::Json::array({{{"role", "user"}, {"content", question}}}), "here"));
    request.maxTokens = reply.facts.sampling.maxTokens;
    request.sampling.temperature = reply.facts.sampling.temperature;
    request.sampling.topP = reply.facts.sampling.topP;
    request.seed = reply.facts.seed;
    request.routing = true;
    const infer::GenerationResult result = infer::generate(generator, request);
    QCOMPARE(reply.text, result.text);
    QCOMPARE(shown.ids, result.ids);
    QCOMPARE(shown.columns(), std::ssize(result.routing) - std::ssize(request.prompt));
    for (size_t t = 0; t < static_cast<size_t>(shown.columns()); ++t) {
        size_t at = t * static_cast<size_t>(shown.stride());
        for (const auto& layer : shown.layers) {
            const auto& row
                = result.routing[request.prompt.size() + t][static_cast<size_t>(layer.layer)];
            for (size_t i = 0; i < static_cast<size_t>(layer.chosen); ++i) {
                QCOMPARE(static_cast<int32_t>(shown.experts[at + i]), row[i].expert);
                QCOMPARE(shown.weights[at + i], row[i].weight);
            }
            at += static_cast<size_t>(layer.chosen + layer.extra);
        }
    }
}

void TestChatWorkspace::continuesWithTheWholeRouting()
{
    struct Answer {
        chats::Message reply;
        chats::ReplyRouting routing;
    } whole, parts;
    const auto answer = [this](int64_t first, int64_t more, Answer& given) {
        newStore(); // a store of its own: newest() tells conversations of one second not apart
        const auto window = open();
        auto* preset = window->find<QComboBox>("preset"); // greedy: two goes say what one says
        preset->setFocus();
        QTest::keyClick(preset, Qt::Key_Home);
        window->page->newConversation();
        window->page->setSampling(7, first); // a new one has no seed yet
        window->input().setFocus();
        say(*window, QStringLiteral("The router"));
        if (more > 0) {
            window->page->setSampling(7, more);
            const auto reply = [&] {
                return window->view().view(newest().leaf);
            };
            QTRY_VERIFY(reply() != nullptr); // laid out, and its end in the store
            QTest::mouseClick(
                reply()->findChild<QToolButton*>(QStringLiteral("goOn")), Qt::LeftButton);
        }
        QTRY_COMPARE(newest().find(newest().leaf)->facts.tokens, first + more);
        given.reply = *newest().find(newest().leaf);
        given.routing = routingOf(given.reply.id);
    };
    answer(40, 0, whole);
    answer(15, 25, parts);
    QCOMPARE(whole.reply.facts.tokens, int64_t{40});
    QCOMPARE(parts.reply.facts.tokens, int64_t{40});
    QCOMPARE(parts.reply.facts.promptTokens, whole.reply.facts.promptTokens);
    QCOMPARE(parts.reply.text, whole.reply.text);
    QTRY_COMPARE(routingOf(parts.reply.id).columns(), int64_t{39});
    parts.routing = routingOf(parts.reply.id);
    const chats::ReplyRouting &routing = whole.routing, &continued = parts.routing;
    QCOMPARE(continued.ids, routing.ids);
    QCOMPARE(continued.texts, routing.texts);
    QCOMPARE(continued.columns(), int64_t{39});
    QCOMPARE(continued.experts, routing.experts);
    QCOMPARE(continued.weights, routing.weights);
    QCOMPARE(continued.gates, routing.gates);
    for (size_t i = 0; i + 3 < routing.gates.size(); i += 4) { // two chosen, two runners-up
        QVERIFY(routing.gates[i] >= routing.gates[i + 1]);
        QVERIFY(routing.gates[i + 1] >= routing.gates[i + 2]);
        QCOMPARE(routing.gates[i + 3], routing.weights[i + 3]);
    }
}

QTEST_MAIN(TestChatWorkspace)
#include "test_chat_workspace.moc"
