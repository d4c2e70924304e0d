// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_fixture.h"

#include "engine/checkpoint/safetensors.h"
#include "engine/infer/opened_model.h"
#include "tests/support/http_client.h"
#include "ui/chat/token_table.h"

#include <nlohmann/json.hpp>

#include <QClipboard>
#include <QDockWidget>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QTableView>
#include <QToolButton>

using namespace moe;
using namespace moe::chat;

namespace {

void click(QWidget* button)
{
    QTest::mouseClick(button, Qt::LeftButton);
}

/// Of "http://127.0.0.1:43210/v1".
uint16_t portOf(const QString& url)
{
    return url.section(QLatin1Char(':'), 2).section(QLatin1Char('/'), 0, 0).toUShort();
}

std::string chatBody(const std::string& more = "")
{
    return R"({"model": "step-000040", "seed": 1, "max_tokens": 8, "messages": [{"role": "user", "content": "The router"}])"
        + more + "}";
}

} // namespace

/// The open model's facts and its endpoint, by clicks, against a model trained on the spot.
class TestChatModel : public QObject, ChatFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { trainModel(); }
    void init() { newStore(); }
    void factsAndTensors();
    void thePromptAsTheModelReadsIt();
    void placesOfTokensThatSplitCharacters();
    void theEndpointServesTheOpenModel();
    void aKeyIsAskedFor();
    void aTakenPortIsSaid();
    void beyondLoopbackWantsAKey();
    void theNextModelIsServedToo();
    void theAddressIsRememberedTheKeyIsNot();

private:
    /// Clicks the switch and waits until it is on; its port.
    uint16_t switchOn(Window& window);
};

void TestChatModel::factsAndTensors()
{
    const auto window = open();
    auto* dock = window->find<QDockWidget>("factsDock");
    QVERIFY(!dock->isVisible());
    click(window->find<QToolButton>("factsButton"));
    QVERIFY(dock->isVisible());
    auto* facts = window->find<QTableView>("modelFactsTable")->model();
    QString all;
    for (int row = 0; row < facts->rowCount(); ++row)
        all += facts->index(row, 0).data().toString() + QLatin1Char('=')
            + facts->index(row, 1).data().toString() + QLatin1Char('\n');
    QVERIFY2(all.contains(QLatin1String("Architecture=SkyworkForCausalLM\n")), qPrintable(all));
    QVERIFY2(all.contains(QLatin1String("Experts=6, of which a token takes 2\n")), qPrintable(all));
    QVERIFY2(all.contains(QLatin1String("Attention=4 heads of 12, 4 of keys and values\n")),
        qPrintable(all));
    window->save(QStringLiteral("chat-facts.png"));

    click(window->find<QPushButton>("facts1"));
    auto* table = window->find<QTableView>("tensorTable");
    const checkpoint::WeightFiles files(m_model);
    QTRY_COMPARE(table->model()->rowCount(), static_cast<int>(files.names().size()));
    int64_t elements = 0, ofGates = 0;
    int gates = 0;
    for (const std::string& name : files.names()) {
        elements += files.get(name).elements();
        if (name.find("gate.") == std::string::npos)
            continue;
        ++gates;
        ofGates += files.get(name).elements();
    }
    auto* sum = window->find<QLabel>("tensorSum");
    QVERIFY2(sum->text().contains(QLocale().toString(static_cast<qlonglong>(elements))),
        qPrintable(sum->text()));
    QTest::keyClicks(window->find<QLineEdit>("tensorFilter"), QStringLiteral("gate. f32"));
    QCOMPARE(table->model()->rowCount(), gates);
    QVERIFY(gates > 0);
    QVERIFY2(sum->text().contains(QLocale().toString(static_cast<qlonglong>(ofGates))),
        qPrintable(sum->text()));
    window->find<QLineEdit>("tensorFilter")->clear();
    // by size, the largest first: the embedding or the head
    QHeaderView* header = table->horizontalHeader();
    const QPoint size(header->sectionViewportPosition(3) + 8, header->height() / 2);
    table->horizontalScrollBar()->setValue(table->horizontalScrollBar()->maximum());
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {},
        QPoint(header->sectionViewportPosition(3) + 8, size.y()));
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {},
        QPoint(header->sectionViewportPosition(3) + 8, size.y()));
    QVERIFY2(table->model()->index(0, 1).data().toString().contains(QStringLiteral("× 48")),
        qPrintable(table->model()->index(0, 0).data().toString()));
    table->horizontalScrollBar()->setValue(0);
    window->save(QStringLiteral("chat-tensors.png"));
}

void TestChatModel::thePromptAsTheModelReadsIt()
{
    const auto window = open();
    click(window->find<QToolButton>("factsButton"));
    click(window->find<QPushButton>("facts2"));
    auto* text = window->find<QPlainTextEdit>("promptText");
    auto* table = window->find<QTableView>("promptTokens");
    QTRY_VERIFY(window->find<QLabel>("promptSum")->text().contains(QLatin1String("Write")));
    QTest::keyClicks(&window->input(), QStringLiteral("The router sends"));
    QTest::keyClick(&window->input(), Qt::Key_Return, Qt::ShiftModifier);
    window->input().insertPlainText(QStringLiteral("专家 3"));
    QTRY_COMPARE(text->toPlainText(), QStringLiteral("The router sends\n专家 3\n"));
    infer::OpenOptions options;
    options.threads = 1;
    const infer::OpenedModel model(m_model, options);
    const std::vector<int32_t> ids = model.encode(text::checkedChat(
        base::Json::array({{{"role", "user"}, {"content", "The router sends\n专家 3"}}}), "here"));
    QCOMPARE(table->model()->rowCount(), static_cast<int>(ids.size()));
    QString spelled;
    for (int row = 0; row < table->model()->rowCount(); ++row) {
        QCOMPARE(table->model()->index(row, 1).data().toString(),
            QString::number(ids[static_cast<size_t>(row)]));
        spelled += table->model()->index(row, 2).data().toString();
    }
    QVERIFY2(spelled.startsWith(QStringLiteral("The·router·sends⏎")), qPrintable(spelled));
    // a token that is chosen is marked in the text
    table->selectRow(0);
    const auto marks = text->extraSelections();
    QCOMPARE(marks.size(), 1);
    QVERIFY(QStringLiteral("The router").startsWith(marks[0].cursor.selectedText()));
    window->save(QStringLiteral("chat-prompt.png"));
    click(window->find<QPushButton>("facts3"));
    QVERIFY(window->find<QPlainTextEdit>("chatTemplate")
                ->toPlainText()
                .contains(QLatin1String("no chat template")));
}

void TestChatModel::placesOfTokensThatSplitCharacters()
{
    const std::string text = "a专😀b";
    const auto token = [](const std::string& bytes) {
        return session::PromptToken{0, false, bytes};
    };
    const std::vector<int> places = tokenPlaces(text,
        {token("a"), token("\xE4\xB8"), token("\x93"), token("\xF0\x9F\x98\x80"), token("b")});
    QCOMPARE(places, (std::vector<int>{0, 1, 2, 2, 4, 5}));
    QVERIFY(tokenPlaces(text, {token("a")}).empty());
    QCOMPARE(tokenText("\xE4\xB8"), QStringLiteral("<E4><B8>"));
    QCOMPARE(tokenText(" a\n"), QStringLiteral("·a⏎"));
}

uint16_t TestChatModel::switchOn(Window& window)
{
    click(window.find<QToolButton>("endpointButton"));
    window.find<QSpinBox>("endpointPort")->setValue(0);
    auto* button = window.find<QPushButton>("endpointSwitch");
    auto* url = window.find<QLineEdit>("endpointUrl");
    [&] {
        QVERIFY(button->isEnabled());
        click(button);
        QTRY_VERIFY(url->text().startsWith(QLatin1String("http://")));
    }();
    return portOf(url->text());
}

void TestChatModel::theEndpointServesTheOpenModel()
{
    const auto window = open();
    const uint16_t port = switchOn(*window);
    QVERIFY(port != 0);
    QVERIFY(window->find<QToolButton>("endpointButton")->text().contains(QString::number(port)));
    click(window->find<QToolButton>("endpointCopyUrl"));
    QCOMPARE(
        QGuiApplication::clipboard()->text(), QStringLiteral("http://127.0.0.1:%1/v1").arg(port));
    const auto answer = tests::ask(port, tests::postRequest("/v1/chat/completions", chatBody()));
    QCOMPARE(answer.status, 200);
    const auto json = base::Json::parse(answer.body);
    QCOMPARE(json["usage"]["completion_tokens"].get<int>(), 8);
    QCOMPARE(tests::ask(port, tests::postRequest("/v1/chat/completions", chatBody(R"(, "n": -1)")))
                 .status,
        400);
    auto* errors = window->find<QTableView>("failureTable");
    QTRY_COMPARE(errors->model()->rowCount(), 1);
    QCOMPARE(errors->model()->index(0, 1).data().toString(), QStringLiteral("400"));
    QVERIFY(errors->model()->index(0, 2).data().toString().contains(QLatin1String(": n")));
    // one that lasts stands in the table while the window talks, too
    tests::HttpClient client(port);
    client.send(tests::postRequest("/v1/chat/completions",
        R"({"model": "step-000040", "max_tokens": 440, "stream": true, "messages": [{"role": "user", "content": "The"}]})"));
    QVERIFY(client.receiveUntil("data:"));
    window->page->send(QStringLiteral("The router"));
    QTRY_VERIFY_WITH_TIMEOUT(!window->page->isReplying(), kLong);
    window->save(QStringLiteral("chat-endpoint.png"));
    click(window->find<QPushButton>("endpointSwitch"));
    QTRY_COMPARE_WITH_TIMEOUT(
        window->find<QPushButton>("endpointSwitch")->text(), QStringLiteral("Switch on"), kLong);
    QCOMPARE(window->find<QToolButton>("endpointButton")->text(), QStringLiteral("Endpoint off"));
    QCOMPARE(tests::ask(port, tests::getRequest("/health")).status, 0);
    QVERIFY(window->page->hasModel());
}

void TestChatModel::aKeyIsAskedFor()
{
    const auto window = open();
    click(window->find<QToolButton>("endpointButton"));
    click(window->find<QToolButton>("endpointGenerate"));
    auto* key = window->find<QLineEdit>("endpointKey");
    QCOMPARE(key->text().size(), 32);
    QCOMPARE(key->echoMode(), QLineEdit::Password);
    click(window->find<QToolButton>("endpointShowKey"));
    QCOMPARE(key->echoMode(), QLineEdit::Normal);
    click(window->find<QToolButton>("endpointCopyKey"));
    QCOMPARE(QGuiApplication::clipboard()->text(), key->text());
    const uint16_t port = switchOn(*window);
    QVERIFY(!key->isEnabled());
    QCOMPARE(tests::ask(port, tests::getRequest("/v1/models")).status, 401);
    const std::string bearer = "Authorization: Bearer " + key->text().toStdString() + "\r\n";
    const auto models = tests::ask(port, tests::getRequest("/v1/models", bearer));
    QCOMPARE(models.status, 200);
    QVERIFY(models.body.find("step-000040") != std::string::npos);
}

void TestChatModel::aTakenPortIsSaid()
{
    const auto first = open();
    const uint16_t port = switchOn(*first);
    const auto second = open();
    click(second->find<QToolButton>("endpointButton"));
    second->find<QSpinBox>("endpointPort")->setValue(port);
    click(second->find<QPushButton>("endpointSwitch"));
    QTRY_VERIFY2(second->messages->text().contains(QLatin1String("the port is taken")),
        qPrintable(second->messages->text()));
    QVERIFY(second->messages->text().contains(QString::number(port)));
    QTRY_COMPARE(second->find<QPushButton>("endpointSwitch")->text(), QStringLiteral("Switch on"));
    QVERIFY(second->find<QSpinBox>("endpointPort")->isEnabled());
}

void TestChatModel::beyondLoopbackWantsAKey()
{
    const auto window = open();
    click(window->find<QToolButton>("endpointButton"));
    window->find<QLineEdit>("endpointHost")->setText(QStringLiteral("0.0.0.0"));
    window->find<QSpinBox>("endpointPort")->setValue(0);
    click(window->find<QPushButton>("endpointSwitch"));
    QTRY_VERIFY2(window->messages->text().contains(QLatin1String("there is no key")),
        qPrintable(window->messages->text()));
    QTest::qWait(100);
    window->save(QStringLiteral("chat-endpoint-refused.png"));
    QPushButton* remedy = nullptr;
    for (auto* button : window->messages->findChildren<QPushButton*>()) {
        if (button->text().startsWith(QLatin1String("Generate a key")))
            remedy = button;
    }
    QVERIFY(remedy != nullptr);
    click(remedy);
    auto* url = window->find<QLineEdit>("endpointUrl");
    QTRY_VERIFY(url->text().startsWith(QLatin1String("http://")));
    QCOMPARE(tests::ask(portOf(url->text()), tests::getRequest("/v1/models")).status, 401);
}

void TestChatModel::theNextModelIsServedToo()
{
    const auto window = open();
    const uint16_t port = switchOn(*window);
    window->find<QSpinBox>("endpointPort")->setValue(port); // again the same
    const std::filesystem::path other = m_folder->filePath(QStringLiteral("other")).toStdString();
    std::filesystem::copy(m_model, other, std::filesystem::copy_options::recursive);
    window->openModel(other);
    const auto models = [port] {
        return tests::ask(port, tests::getRequest("/v1/models")).body;
    };
    QTRY_VERIFY(models().find("\"other\"") != std::string::npos);
}

void TestChatModel::theAddressIsRememberedTheKeyIsNot()
{
    QString key;
    {
        const auto window = open();
        click(window->find<QToolButton>("endpointButton"));
        auto* host = window->find<QLineEdit>("endpointHost");
        QCOMPARE(host->text(), QStringLiteral("127.0.0.1"));
        QCOMPARE(window->find<QSpinBox>("endpointPort")->value(), 8080);
        host->selectAll();
        QTest::keyClicks(host, QStringLiteral("127.0.0.2 "));
        click(window->find<QToolButton>("endpointGenerate"));
        key = window->find<QLineEdit>("endpointKey")->text();
        switchOn(*window); // at port 0
    }
    const auto window = open();
    QCOMPARE(window->find<QLineEdit>("endpointHost")->text(), QStringLiteral("127.0.0.2"));
    QCOMPARE(window->find<QSpinBox>("endpointPort")->value(), 0);
    QCOMPARE(window->find<QLineEdit>("endpointKey")->text(), QString());
    QCOMPARE(window->find<QToolButton>("endpointButton")->text(), QStringLiteral("Endpoint off"));
    window->find<QLineEdit>("endpointHost")->clear(); // none: the usual one
    window->settings.sync();
    QFile file(window->settings.fileName());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray kept = file.readAll();
    QVERIFY(kept.contains("endpoint") && !kept.contains(key.toLatin1()));
    QCOMPARE(open(false)->find<QLineEdit>("endpointHost")->text(), QStringLiteral("127.0.0.1"));
}

QTEST_MAIN(TestChatModel)
#include "test_chat_model.moc"
