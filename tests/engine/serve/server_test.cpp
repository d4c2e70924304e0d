// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The server's routes, streams, queue and end, over real sockets and a model that the test steers.
#include "kernels/error.h"
#include "tests/engine/serve/server_bench.h"

#include <atomic>
#include <set>
#include <thread>

namespace moe::tests {

using nlohmann::json;

namespace {

/// The texts of a stream's chunks, joined by choice.
std::map<int64_t, std::string> joined(const HttpResponse& response)
{
    std::map<int64_t, std::string> texts;
    for (const std::string& event : response.events()) {
        if (event == "[DONE]")
            continue;
        const json chunk = json::parse(event);
        for (const json& choice : chunk.at("choices")) {
            const json& from = choice.contains("delta") ? choice["delta"] : choice;
            const char* key = choice.contains("delta") ? "content" : "text";
            texts[choice["index"]] += from.value(key, "");
        }
    }
    return texts;
}

} // namespace

class ServerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void routes()
    {
        ServerBench bench;
        const json models = json::parse(bench.ask(getRequest("/v1/models")).body);
        QCOMPARE(models["data"].size(), size_t{1});
        QCOMPARE(models["data"][0]["id"].get<std::string>(), std::string("fake"));
        QCOMPARE(bench.ask(getRequest("/v1/models/fake?x=1")).status, 200);
        QCOMPARE(bench.ask(getRequest("/v1/models/f%61ke")).status, 200);
        QCOMPARE(bench.ask(getRequest("/v1/models/other")).status, 404);
        QCOMPARE(bench.ask(getRequest("/health")).status, 200);
        const HttpResponse wrong = bench.ask(getRequest("/v1/chat/completions"));
        QCOMPARE(wrong.status, 405);
        QCOMPARE(wrong.fields.at("allow"), std::string("POST"));
        QCOMPARE(bench.ask(postRequest("/health", "{}")).status, 405);
        QCOMPARE(bench.ask(getRequest("/v1/engines")).status, 404);
        for (const char* absolute : {"http://localhost/v1/models",
                 "HTTP://127.0.0.1:80/v1/models?a", "https://localhost/health"})
            QCOMPARE(bench.ask(getRequest(absolute)).status, 200);
        for (const char* absolute :
            {"http://localhost", "http:///v1/model", "ftp://localhost/health"})
            QCOMPARE(bench.ask(getRequest(absolute)).status, 404);
        const HttpResponse head
            = bench.ask("HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        QCOMPARE(head.status, 200);
        QVERIFY(head.fields.at("content-length") != "0");
    }

    void refusalsOfHeadHaveNoBody_data()
    {
        QTest::addColumn<QString>("target");
        QTest::addColumn<int>("status");
        QTest::newRow("no route") << "/nope" << 404;
        QTest::newRow("wrong method") << "/v1/completions" << 405;
        QTest::newRow("no key") << "/v1/models" << 401;
    }
    void refusalsOfHeadHaveNoBody()
    {
        QFETCH(QString, target);
        QFETCH(int, status);
        serve::ServerOptions options = ServerBench::quickOptions();
        options.apiKey = "sesame";
        ServerBench bench(options);
        HttpClient client(bench.port);
        const std::string key = status == 401 ? "" : "Authorization: Bearer sesame\r\n";
        client.send("HEAD " + target.toStdString() + " HTTP/1.1\r\nHost: localhost\r\n" + key
            + "\r\n" + getRequest("/health"));
        const HttpResponse head = client.receive(true);
        QCOMPARE(head.status, status);
        QVERIFY(head.fields.at("content-length") != "0"); // what GET would get
        QCOMPARE(client.receive().body, std::string(R"({"status": "ok"})"));
    }

    void errorsHaveOpenAisForm()
    {
        ServerBench bench;
        const HttpResponse response = bench.chat(R"(, "temperature": 3)");
        QCOMPARE(response.status, 400);
        QCOMPARE(response.fields.at("content-type"), std::string("application/json"));
        const json error = json::parse(response.body).at("error");
        QCOMPARE(error["type"].get<std::string>(), std::string("invalid_request_error"));
        QCOMPARE(error["param"].get<std::string>(), std::string("temperature"));
        const auto message = error["message"].get<std::string>();
        QVERIFY(message.find("0 to 2") != std::string::npos);
        QVERIFY(error["code"].is_null());
        QCOMPARE(bench.ask(getRequest("/v1/engines")).status, 404);
        const auto failures = bench.server.snapshot().failures; // newest first
        QCOMPARE(failures.size(), size_t{2});
        QCOMPARE(failures[0].status, 404);
        QCOMPARE(failures[0].route, std::string("other"));
        QCOMPARE(failures[1].status, 400);
        QCOMPARE(failures[1].route, std::string("/v1/chat/completions"));
        QCOMPARE(failures[1].what, message);
        QCOMPARE(failures[1].client, std::string("127.0.0.1"));
    }

    void aStreamSaysTheSameAsAWholeAnswer()
    {
        ServerBench bench;
        const json whole = json::parse(bench.chat(R"(, "max_tokens": 9)").body);
        const std::string text = whole["choices"][0]["message"]["content"];
        QVERIFY(text.starts_with("7.8.0 7.8.1 "));
        QCOMPARE(whole["choices"][0]["finish_reason"].get<std::string>(), std::string("length"));
        QCOMPARE(whole["usage"]["prompt_tokens"].get<int>(), 8);
        QCOMPARE(whole["usage"]["completion_tokens"].get<int>(), 9);

        const HttpResponse stream = bench.chat(
            R"(, "max_tokens": 9, "stream": true, "stream_options": {"include_usage": true})");
        QVERIFY(stream.whole);
        QCOMPARE(stream.status, 200);
        QVERIFY(stream.fields.at("content-type").starts_with("text/event-stream"));
        const std::vector<std::string> events = stream.events();
        QCOMPARE(events.back(), std::string("[DONE]"));
        QCOMPARE(json::parse(events.front())["choices"][0]["delta"]["role"].get<std::string>(),
            std::string("assistant"));
        QCOMPARE(joined(stream).at(0), text);
        QVERIFY(json::parse(events[events.size() - 2])["usage"] == whole["usage"]);
        QVERIFY(json::parse(events.front())["usage"].is_null());
        QVERIFY(json::parse(events[events.size() - 3])["choices"][0]["finish_reason"]
            == whole["choices"][0]["finish_reason"]);
    }

    void choicesOfASeedDifferAndTheFirstIsTheOnlyOnes()
    {
        ServerBench bench;
        const json three = json::parse(bench.chat(R"(, "max_tokens": 3, "n": 3)").body);
        QCOMPARE(three["choices"].size(), size_t{3});
        for (int i = 0; i < 3; ++i)
            QCOMPARE(three["choices"][i]["message"]["content"].get<std::string>().substr(0, 6),
                std::to_string(7 + i) + ".8.0 ");
        QCOMPARE(three["usage"]["prompt_tokens"].get<int>(), 8);
        const auto streamed = joined(bench.chat(R"(, "max_tokens": 3, "n": 3, "stream": true)"));
        for (int i = 0; i < 3; ++i)
            QCOMPARE(streamed.at(i), three["choices"][i]["message"]["content"].get<std::string>());
    }

    void completionsTakeTextsAndTokens()
    {
        ServerBench bench;
        const json answer = json::parse(
            bench
                .ask(postRequest("/v1/completions",
                    R"({"model": "fake", "prompt": ["ab", "abc"], "n": 2, "max_tokens": 1, "seed": 1})"))
                .body);
        QCOMPARE(answer["choices"].size(), size_t{4});
        const char* const expected[] = {"1.2.0 ", "2.2.0 ", "1.3.0 ", "2.3.0 "};
        for (int i = 0; i < 4; ++i)
            QCOMPARE(answer["choices"][i]["text"].get<std::string>(), std::string(expected[i]));
        QCOMPARE(answer["usage"]["prompt_tokens"].get<int>(), 5);
        QCOMPARE(bench
                     .ask(postRequest("/v1/completions",
                         R"({"model": "fake", "prompt": [1, 2, 3], "max_tokens": 1})"))
                     .status,
            200);
        QCOMPARE(bench
                     .ask(postRequest("/v1/completions",
                         R"({"model": "fake", "prompt": [999], "max_tokens": 1})"))
                     .status,
            400);
    }

    void promptsBeyondTheContextAreRefusedBeforeTheyAreKept()
    {
        ServerBench bench;
        const auto refusal = [&](const std::string& prompt, int64_t n) {
            const HttpResponse response = bench.ask(postRequest("/v1/completions",
                R"({"model": "fake", "max_tokens": 1, "n": )" + std::to_string(n)
                    + R"(, "prompt": )" + prompt + "}"));
            return response.status == 400
                ? json::parse(response.body)["error"]["param"].get<std::string>()
                : std::to_string(response.status);
        };
        const std::string fits = '"' + std::string(4096, 'x') + '"',
                          tooLong = '"' + std::string(4097, 'x') + '"';
        QCOMPARE(refusal(fits, 1), std::string("200"));
        QCOMPARE(refusal(json(std::vector<int>(4096, 1)).dump(), 1), std::string("200"));
        QCOMPARE(refusal(json(std::vector<int>(4097, 1)).dump(), 1), std::string("prompt"));
        bench.model.encoded = 0;
        QCOMPARE(refusal("[" + tooLong + ", " + fits + "]", 1), std::string("prompt"));
        QCOMPARE(bench.model.encoded.load(), int64_t{1}); // the other was not looked at
        // Two are answered at once, four more may wait.
        QCOMPARE(refusal(fits, 7), std::string("n"));
        QCOMPARE(refusal("[" + fits + ", " + fits + "]", 4), std::string("n"));
        QCOMPARE(bench.model.encoded.load(), int64_t{1});
        QCOMPARE(refusal("[" + fits + ", " + fits + "]", 3), std::string("200"));
    }

    void aStopDoesNotWaitForPromptsInTheQueue()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.queue = 32;
        ServerBench bench(options);
        bench.model.encodeMilliseconds = 400;
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < 20; ++i) { // four seconds for the two threads
            clients.push_back(std::make_unique<HttpClient>(bench.port));
            clients.back()->send(postRequest("/v1/chat/completions", ServerBench::chatBody()));
        }
        QVERIFY(QTest::qWaitFor([&] { return bench.server.snapshot().requests.size() == 20; }));
        QElapsedTimer timer;
        timer.start();
        bench.server.stop();
        QVERIFY2(timer.elapsed() < 2500, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(clients.back()->receive().status, 503);
    }

    void anAnswerBeingWrittenKeepsNobodyWaiting()
    {
        ServerBench bench;
        bench.model.writingHeld = true;
        const auto release = qScopeGuard([&] { bench.model.writingHeld = false; });
        HttpClient client(bench.port), gone(bench.port);
        const std::string request = postRequest("/v1/chat/completions",
            ServerBench::chatBody(R"(, "max_tokens": 3, "logprobs": true, "top_logprobs": 2)"));
        client.send(request);
        QVERIFY(QTest::qWaitFor([&] { return bench.model.written == 1; }, 5000));
        gone.send(request);
        QVERIFY(QTest::qWaitFor([&] { return bench.model.ended == 2; }, 5000));
        QCOMPARE(bench.chat(R"(, "max_tokens": 1)").status, 200);
        gone.abort();
        QVERIFY(
            QTest::qWaitFor([&] { return bench.server.snapshot().totals.abandoned == 1; }, 5000));
        bench.model.writingHeld = false;
        const json answer = json::parse(client.receive().body);
        QCOMPARE(answer["choices"][0]["logprobs"]["content"].size(), size_t{3});
        bench.server.stop(); // after the turn of what is queued
        QCOMPARE(bench.model.written.load(), int64_t{9}); // nothing for who is gone
    }

    void aStopDropsAnswersBeingWritten()
    {
        ServerBench bench;
        bench.model.writingHeld = true;
        const auto release = qScopeGuard([&] { bench.model.writingHeld = false; });
        HttpClient client(bench.port);
        client.send(postRequest("/v1/chat/completions",
            ServerBench::chatBody(R"(, "max_tokens": 3, "logprobs": true)")));
        QVERIFY(QTest::qWaitFor([&] { return bench.model.written == 1; }, 5000));
        std::thread stopping([&] { bench.server.stop(); });
        const HttpResponse response = client.receive();
        bench.model.writingHeld = false;
        stopping.join();
        QCOMPARE(response.status, 503);
    }

    void whatTheModelRefusesNamesTheClientsKey()
    {
        ServerBench bench;
        const auto error = [&](const std::string& route, const std::string& body) {
            return json::parse(bench.ask(postRequest(route, body)).body)["error"];
        };
        const json prompt
            = error("/v1/completions", R"({"model": "fake", "prompt": [999], "max_tokens": 1})");
        QCOMPARE(prompt["param"].get<std::string>(), std::string("prompt"));
        const json messages = error("/v1/chat/completions",
            R"({"model": "fake", "messages": [{"role": "user", "content": "UNKNOWN"}]})");
        QCOMPARE(messages["param"].get<std::string>(), std::string("messages"));
        QVERIFY(messages["message"].get<std::string>().find("prompt:") == std::string::npos);
    }

    void aTemplatesRefusalIsTheClients()
    {
        ServerBench bench;
        const HttpResponse response = bench.ask(postRequest("/v1/chat/completions",
            R"({"model": "fake", "messages": [{"role": "REFUSE", "content": "x"}]})"));
        QCOMPARE(response.status, 400);
        QVERIFY(response.body.find("the template refuses") != std::string::npos);
    }

    void aKeyIsAskedForInAllOfV1()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.apiKey = "sesame";
        ServerBench bench(options);
        for (const char* target : {"/v1/models", "/v1/models/fake", "/v1/nothing", "/v1"}) {
            const HttpResponse response = bench.ask(getRequest(target));
            QCOMPARE(response.status, 401);
            QCOMPARE(json::parse(response.body)["error"]["code"].get<std::string>(),
                std::string("invalid_api_key"));
        }
        QCOMPARE(bench.chat().status, 401);
        QCOMPARE(bench.ask(getRequest("http://localhost/v1/models")).status, 401);
        for (const char* field :
            {"Bearer sesam", "Bearer sesame2", "sesame", "Basic sesame", "Bearer "})
            QCOMPARE(
                bench.ask(getRequest("/v1/models", std::string("Authorization: ") + field + "\r\n"))
                    .status,
                401);
        const std::string right = "Authorization: bearer sesame\r\n";
        QCOMPARE(bench.ask(getRequest("/v1/models", right)).status, 200);
        QCOMPARE(bench.ask(getRequest("/v1/models", right + right)).status, 401);
        QCOMPARE(bench
                     .ask(postRequest("/v1/chat/completions",
                         ServerBench::chatBody(R"(, "max_tokens": 1)"), right))
                     .status,
            200);
        QCOMPARE(bench.ask(getRequest("/health")).status, 200);
        QCOMPARE(bench.ask(getRequest("/metrics")).status, 200);
    }

    void beyondLoopbackAKeyIsNeeded()
    {
        FakeModel model;
        serve::ServerOptions options = ServerBench::quickOptions();
        for (const char* host : {"0.0.0.0", "::"}) {
            options.host = host;
            options.apiKey.clear();
            serve::Server open(model.served(), options);
            QVERIFY_THROWS_EXCEPTION(UsageError, open.start());
        }
        options.host = "0.0.0.0";
        options.apiKey = "k";
        serve::Server closed(model.served(), options);
        closed.start();
        options.host = "no such host";
        serve::Server nowhere(model.served(), options);
        QVERIFY_THROWS_EXCEPTION(Error, nowhere.start());
    }

    void aTakenPortIsAnError()
    {
        ServerBench bench;
        serve::ServerOptions options = ServerBench::quickOptions();
        options.port = bench.port;
        serve::Server second(bench.model.served(), options);
        try {
            second.start();
            QFAIL("started");
        } catch (const Error& error) {
            QVERIFY(
                std::string(error.what()).find(std::to_string(bench.port)) != std::string::npos);
        }
    }

    void foreignNamesAreRefusedWithoutAKey()
    {
        ServerBench bench;
        const auto hosted = [](const std::string& host) {
            return "GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
        };
        for (const char* host :
            {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:80", "10.0.0.1"})
            QCOMPARE(bench.ask(hosted(host)).status, 200);
        for (const char* host : {"evil.example", "evil.example:8080", "localhost.evil.example", ""})
            QCOMPARE(bench.ask(hosted(host)).status, 400);
        QCOMPARE(bench.ask(getRequest("http://evil.example/health")).status, 400);
        QCOMPARE(bench.ask("GET /health HTTP/1.1\r\n\r\n").status, 400);
        QCOMPARE(bench.ask("GET /health HTTP/1.0\r\n\r\n").status, 200);
    }

    void requestsBeyondTheQueueAreTurnedAway()
    {
        ServerBench bench; // two at once, four more wait
        bench.model.held = true;
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < 6; ++i) {
            clients.push_back(std::make_unique<HttpClient>(bench.port));
            clients.back()->send(
                postRequest("/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 2)")));
        }
        QVERIFY(QTest::qWaitFor([&] { return bench.model.running() == 6; }, 5000));
        QCOMPARE(bench.server.snapshot().requests.size(), size_t{6});
        QVERIFY(bench.server.snapshot().requests[0].state == serve::ServedRequest::State::Waiting);
        const HttpResponse refused = bench.chat();
        QCOMPARE(refused.status, 429);
        QVERIFY(refused.fields.contains("retry-after"));
        bench.model.held = false;
        for (auto& client : clients)
            QCOMPARE(client->receive().status, 200);
        QCOMPARE(bench.chat(R"(, "n": 7)").status, 400); // more than could ever wait
        QCOMPARE(bench.chat(R"(, "n": 6, "max_tokens": 1)").status, 200);
        QVERIFY(bench.quiet());
    }

    void sixteenStreamsAtOnceSayWhatTheySayAlone()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.queue = 32;
        ServerBench bench(options, 4);
        std::vector<std::string> alone(16), together(16);
        const auto body = [](int i, bool stream) {
            return json{{"model", "fake"}, {"max_tokens", 20}, {"seed", i}, {"stream", stream},
                {"prompt", std::string(static_cast<size_t>(i) + 1, 'x')}}
                .dump();
        };
        for (int i = 0; i < 16; ++i)
            alone[i] = json::parse(bench.ask(postRequest("/v1/completions", body(i, false)))
                                       .body)["choices"][0]["text"];
        std::vector<std::thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back([&, i] {
                together[i] = joined(bench.ask(postRequest("/v1/completions", body(i, true))))[0];
            });
        for (std::thread& thread : threads)
            thread.join();
        QVERIFY(alone == together);
        QCOMPARE(bench.server.snapshot().totals.generatedTokens, int64_t{2 * 16 * 20});
    }

    void metricsCountAndNameTheirTypes()
    {
        ServerBench bench;
        bench.chat(R"(, "max_tokens": 5)");
        bench.ask(getRequest("/nowhere"));
        const HttpResponse response = bench.ask(getRequest("/metrics"));
        QVERIFY(response.fields.at("content-type").starts_with("text/plain"));
        const std::string& text = response.body;
        QVERIFY(text.find("moe_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 1\n")
            != std::string::npos);
        QVERIFY(text.find("moe_requests_total{route=\"other\",status=\"404\"} 1\n")
            != std::string::npos);
        QVERIFY(text.find("moe_prompt_tokens_total 8\n") != std::string::npos);
        QVERIFY(text.find("moe_generated_tokens_total 5\n") != std::string::npos);
        QVERIFY(text.find("moe_request_seconds_count 1\n") != std::string::npos);
        std::set<std::string> typed;
        for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
            const std::string line = text.substr(at, text.find('\n', at) - at);
            if (line.starts_with("# TYPE "))
                typed.insert(line.substr(7, line.find(' ', 7) - 7));
            if (line.starts_with("#"))
                continue;
            std::string name = line.substr(0, line.find_first_of("{ "));
            for (const char* end : {"_bucket", "_sum", "_count"}) {
                if (name.ends_with(end))
                    name.resize(name.size() - std::string(end).size());
            }
            QVERIFY2(typed.contains(name), name.c_str());
        }
    }

    void aFailingModelIsNotTheClients()
    {
        ServerBench bench;
        bench.model.fails = true;
        const HttpResponse whole = bench.chat();
        QCOMPARE(whole.status, 500);
        QCOMPARE(json::parse(whole.body)["error"]["type"].get<std::string>(),
            std::string("server_error"));
        const HttpResponse stream = bench.chat(R"(, "stream": true)");
        QVERIFY(stream.whole);
        QVERIFY(json::parse(stream.events().back()).contains("error"));
    }

    void anOldClientsStreamEndsWithTheConnection()
    {
        ServerBench bench;
        std::string request = postRequest(
            "/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 3, "stream": true)"));
        request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
        const HttpResponse response = bench.ask(request);
        QVERIFY(!response.fields.contains("transfer-encoding"));
        QCOMPARE(response.events().back(), std::string("[DONE]"));
        QCOMPARE(joined(response).at(0), std::string("7.8.0 7.8.1 7.8.2 "));
    }

    void connectionsAreKeptAndPipelined()
    {
        ServerBench bench;
        HttpClient client(bench.port);
        const std::string chat
            = postRequest("/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 3)"));
        client.send(getRequest("/health") + chat + getRequest("/v1/models") + chat);
        for (int i = 0; i < 4; ++i)
            QCOMPARE(client.receive().status, 200);
        client.send(getRequest("/nowhere") + getRequest("/health", "Connection: close\r\n"));
        QCOMPARE(client.receive().status, 404);
        QCOMPARE(client.receive().fields.at("connection"), std::string("close"));
        QVERIFY(client.closed());
    }

    void stoppingLetsShortAnswersEnd()
    {
        ServerBench bench;
        bench.model.stepMilliseconds = 10;
        HttpClient client(bench.port), idle(bench.port);
        client.send(postRequest("/v1/chat/completions",
            ServerBench::chatBody(R"(, "max_tokens": 10, "stream": true)")));
        QVERIFY(client.receiveUntil("7.8.0"));
        bench.server.stop();
        const HttpResponse response = client.receive();
        QVERIFY(response.whole);
        QCOMPARE(response.events().back(), std::string("[DONE]"));
        QVERIFY(idle.closed());
        QCOMPARE(bench.ask(getRequest("/health")).status, 0);
    }

    void stoppingEndsLongAnswersWithAnError()
    {
        ServerBench bench;
        bench.model.stepMilliseconds = 20;
        HttpClient stream(bench.port), whole(bench.port);
        const std::string more = R"(, "max_tokens": 4000)";
        stream.send(postRequest(
            "/v1/chat/completions", ServerBench::chatBody(more + R"(, "stream": true)")));
        whole.send(postRequest("/v1/chat/completions", ServerBench::chatBody(more)));
        QVERIFY(stream.receiveUntil("7.8.0"));
        bench.server.stop();
        const HttpResponse streamed = stream.receive();
        QVERIFY(streamed.whole);
        QVERIFY(json::parse(streamed.events().back()).contains("error"));
        QCOMPARE(whole.receive().status, 503);
        QCOMPARE(bench.model.cancelled.load(), int64_t{2});
        bench.server.stop(); // nothing more to do
    }
};

} // namespace moe::tests

QTEST_GUILESS_MAIN(moe::tests::ServerTest)
#include "server_test.moc"
