// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// `moe serve` as clients meet it: a real model behind real sockets, its options, its streams, its
// end by signal. tests/e2e/openai_client.py does the same with OpenAI's own client.
#include "tests/support/folders.h"
#include "tests/support/http_client.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <csignal>
#include <thread>

namespace moe::tests {

using nlohmann::json;

namespace {

/// The mixtral fixture with a byte-level tokenizer of its 103 ids: three special, the letters, a
/// space, the bytes of 你, and pairs of letters.
void writeModel(const QString& folder)
{
    QVERIFY(QDir().mkpath(folder));
    const QString fixture = tests::qInSource("tests/fixtures/models/mixtral/");
    for (const char* file : {"config.json", "model.safetensors"})
        QVERIFY(QFile::copy(fixture + file, folder + "/" + file));
    json vocabulary{{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
    for (int i = 0; i < 26; ++i)
        vocabulary[std::string(1, static_cast<char>('a' + i))] = 3 + i;
    const char* const bytes[] = {"\u00e4", "\u00bd", "\u0142", "\u0120"};
    for (int i = 0; i < 4; ++i)
        vocabulary[bytes[i]] = 29 + i;
    for (int i = 0; i < 70; ++i)
        vocabulary[std::string{static_cast<char>('a' + i / 26), static_cast<char>('a' + i % 26)}]
            = 33 + i;
    json added = json::array();
    for (const char* token : {"<unk>", "<s>", "</s>"})
        added.push_back({{"id", added.size()}, {"content", token}, {"single_word", false},
            {"lstrip", false}, {"rstrip", false}, {"normalized", false}, {"special", true}});
    const json level{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true},
        {"use_regex", true}};
    const json model{{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr},
        {"continuing_subword_prefix", nullptr}, {"end_of_word_suffix", nullptr},
        {"fuse_unk", false}, {"byte_fallback", false}, {"vocab", vocabulary},
        {"merges", json::array()}};
    const json tokenizer{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr},
        {"added_tokens", added}, {"normalizer", nullptr}, {"pre_tokenizer", level},
        {"post_processor", nullptr}, {"decoder", level}, {"model", model}};
    const std::string chatTemplate
        = "{% for m in messages %}{% if m.role == 'wizard' %}{{ raise_exception('no wizards') }}"
          "{% endif %}{{ m.role }} {{ m.content }} {% endfor %}";
    const auto write = [&](const char* name, const json& content) {
        QFile file(folder + "/" + name);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::fromStdString(content.dump()));
    };
    write("tokenizer.json", tokenizer);
    write("tokenizer_config.json", {{"chat_template", chatTemplate}});
}

std::string chatBody(const json& more)
{
    json body{{"model", "tiny"}, {"max_tokens", 12}, {"seed", 5},
        {"messages", json::array({{{"role", "user"}, {"content", "hello there"}}})}};
    if (!more.is_null()) // what {} makes
        body.update(more);
    return body.dump();
}

std::string streamedText(const HttpResponse& response)
{
    std::string text;
    for (const std::string& event : response.events()) {
        const json chunk = event == "[DONE]" ? json() : json::parse(event);
        if (chunk.contains("choices") && !chunk["choices"].empty())
            text += chunk["choices"][0]["delta"].value("content", "");
    }
    return text;
}

} // namespace

class ServeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        writeModel(model());
    }
    void init() { start({}); }
    void cleanup()
    {
        if (m_process.state() == QProcess::Running) {
            QCOMPARE(ask(m_port, getRequest("/health")).status, 200);
            m_process.terminate();
            QVERIFY(m_process.waitForFinished(20'000));
            QCOMPARE(m_process.exitCode(), 143);
        }
    }

    void aStreamSaysTheSameAsAWholeAnswer()
    {
        const json whole = chat({});
        const std::string text = whole["choices"][0]["message"]["content"];
        QVERIFY(!text.empty());
        QCOMPARE(whole["usage"]["completion_tokens"].get<int>(), 12);
        const HttpResponse stream = post(chatBody({{"stream", true}}));
        QCOMPARE(stream.events().back(), std::string("[DONE]"));
        QCOMPARE(streamedText(stream), text);
        const json parts = chat({{"messages",
            json::array({{{"role", "user"},
                {"content",
                    json::array({{{"type", "text"}, {"text", "hello "}},
                        {{"type", "text"}, {"text", "there"}}})}}})}});
        QCOMPARE(parts["choices"][0]["message"]["content"].get<std::string>(), text);
    }

    void stopStringsAreNoPartOfTheAnswer()
    {
        const std::string text = chat({{"temperature", 0}})["choices"][0]["message"]["content"];
        const std::string stop = text.substr(text.size() / 2, 2);
        const std::string before = text.substr(0, text.find(stop));
        for (const bool stream : {false, true}) {
            const HttpResponse response
                = post(chatBody({{"temperature", 0}, {"stop", stop}, {"stream", stream}}));
            QCOMPARE(stream ? streamedText(response)
                            : json::parse(response.body)["choices"][0]["message"]["content"]
                                  .get<std::string>(),
                before);
        }
    }

    void sixteenAtOnceSayWhatTheySayAlone()
    {
        const auto body = [](int i, bool stream) {
            return chatBody({{"seed", i}, {"stream", stream},
                {"messages",
                    json::array({{{"role", "user"},
                        {"content", "number " + std::string(static_cast<size_t>(i), 'x')}}})}});
        };
        std::vector<std::string> alone(16), together(16);
        for (int i = 0; i < 16; ++i)
            alone[static_cast<size_t>(i)]
                = json::parse(post(body(i, false)).body)["choices"][0]["message"]["content"];
        std::vector<std::thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back(
                [&, i] { together[static_cast<size_t>(i)] = streamedText(post(body(i, true))); });
        for (std::thread& thread : threads)
            thread.join();
        QVERIFY(together == alone);
    }

    void whatIsWrongIsSaid()
    {
        const auto status = [this](const json& more) {
            return post(chatBody(more)).status;
        };
        QCOMPARE(status({{"model", "other"}}), 404);
        QCOMPARE(status({{"temperature", -1}}), 400);
        QCOMPARE(status({{"tools", json::array()}}), 400);
        const json wizard = json::array({{{"role", "wizard"}, {"content", "x"}}});
        const HttpResponse refused = post(chatBody({{"messages", wizard}}));
        QCOMPARE(refused.status, 400);
        QVERIFY(refused.body.find("no wizards") != std::string::npos);
        const json longOne = json::array({{{"role", "user"}, {"content", std::string(4000, 'a')}}});
        QCOMPARE(status({{"messages", longOne}}), 400);
        QCOMPARE(
            ask(m_port, postRequest("/v1/completions", R"({"model": "tiny", "prompt": [103]})"))
                .status,
            400);
        QCOMPARE(ask(m_port, postRequest("/v1/completions", R"({"model": "tiny", "prompt": ""})"))
                     .status,
            400);
        QCOMPARE(post(std::string(5 << 20, ' ')).status, 413);
    }

    void promptsThatCannotFitAreNotTokenized()
    {
        cleanup();
        QVERIFY(QDir().mkpath(m_folder.filePath("pieces")));
        for (const char* file : {"config.json", "model.safetensors"})
            QVERIFY(QFile::copy(model() + "/" + file, m_folder.filePath("pieces/") + file));
        QVERIFY(QFile::copy(tests::qInSource("tests/fixtures/tokenizers/sp-lossless.model"),
            m_folder.filePath("pieces/tokenizer.model")));
        m_name = "pieces";
        start({});
        m_name = "tiny";
        const std::string text(4'000'000, 'a'); // without a place to cut it
        const HttpResponse prompt = ask(m_port,
            postRequest("/v1/completions", json{{"model", "pieces"}, {"prompt", text}}.dump()));
        const HttpResponse chat = post(json{
            {"model", "pieces"}, {"messages", json::array({{{"role", "user"}, {"content", text}}})}}
                                           .dump());
        for (const HttpResponse& response : {prompt, chat}) {
            QCOMPARE(response.status, 400);
            QVERIFY2(response.body.find(" bytes: ") != std::string::npos, response.body.c_str());
        }
    }

    void whoGoesAwayFreesThePlace()
    {
        for (int i = 0; i < 8; ++i) { // more than are answered at once
            HttpClient client(m_port);
            client.send(postRequest(
                "/v1/chat/completions", chatBody({{"stream", true}, {"max_tokens", 100}})));
            QVERIFY(client.receiveUntil("assistant"));
        }
        QCOMPARE(post(chatBody({})).status, 200);
        QVERIFY(QTest::qWaitFor(
            [this] {
                const std::string metrics = ask(m_port, getRequest("/metrics")).body;
                return metrics.find("\nmoe_cache_pages_used 0\n") != std::string::npos
                    && metrics.find("\nmoe_requests_answering 0\n") != std::string::npos;
            },
            5000));
    }

    void aKeyIsAskedFor()
    {
        cleanup();
        start({"--api-key", "sesame", "--host", "0.0.0.0"});
        QCOMPARE(ask(m_port, getRequest("/v1/models")).status, 401);
        QCOMPARE(
            ask(m_port, getRequest("/v1/models", "Authorization: Bearer sesame\r\n")).status, 200);
    }

    void aSignalEndsIt()
    {
        HttpClient client(m_port);
        client.send(
            postRequest("/v1/chat/completions", chatBody({{"stream", true}, {"max_tokens", 100}})));
        QVERIFY(client.receiveUntil("assistant"));
        ::kill(static_cast<pid_t>(m_process.processId()), SIGINT);
        QVERIFY(client.receive().whole);
        QVERIFY(m_process.waitForFinished(20'000));
        QCOMPARE(m_process.exitCode(), 130);
        const QByteArray error = m_process.readAllStandardError();
        QVERIFY(error.contains("\nmoe: error: ") || error.startsWith("moe: error: "));
        QVERIFY(m_process.readAllStandardOutput().isEmpty());
    }

    void wrongOptionsAreRefusedBeforeTheModelIsOpened()
    {
        const auto refused = [this](const QStringList& more, int status, const char* words) {
            QProcess process;
            process.start(tests::qInBuild("bin/moe"), command() + more);
            return process.waitForFinished(20'000) && process.exitCode() == status
                && process.readAllStandardError().contains(words);
        };
        QVERIFY(refused({"--host", "0.0.0.0"}, 2, "there is no key"));
        QVERIFY(refused({"--port", "70000"}, 2, "--port"));
        QVERIFY(refused({"--api-key", ""}, 2, "--api-key"));
        QVERIFY(refused({"--host", "nowhere.invalid", "--api-key", "k"}, 1, "no such address"));
        QVERIFY(refused({"--port", QString::number(m_port)}, 1, "the port is taken"));
    }

private:
    QString model() const { return m_folder.filePath(m_name); }
    QStringList command() const { return {"serve", "--model", model(), "--threads", "1"}; }

    void start(const QStringList& more)
    {
        m_process.start(tests::qInBuild("bin/moe"), command() + QStringList{"--port", "0"} + more);
        QByteArray said;
        const QRegularExpression address("http://[^/]*:(\\d+)/v1");
        QRegularExpressionMatch match;
        QElapsedTimer timer;
        timer.start();
        while (!(match = address.match(QString::fromUtf8(said))).hasMatch()) {
            m_process.waitForReadyRead(50); // of either channel
            said += m_process.readAllStandardError();
            QVERIFY2(timer.elapsed() < 60'000 && m_process.state() != QProcess::NotRunning, said);
        }
        m_port = match.captured(1).toUShort();
    }

    HttpResponse post(const std::string& body) const
    {
        return ask(m_port, postRequest("/v1/chat/completions", body));
    }
    json chat(const json& more) const { return json::parse(post(chatBody(more)).body); }

    QTemporaryDir m_folder;
    QString m_name = "tiny";
    QProcess m_process;
    uint16_t m_port = 0;
};

} // namespace moe::tests

QTEST_GUILESS_MAIN(moe::tests::ServeTest)
#include "serve_test.moc"
