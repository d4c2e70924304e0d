// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Clients that send half of it, too much, nonsense or two things at once, that stop reading or go
// away: each gets what it deserves, and the server goes on answering the others.
#include "tests/engine/serve/server_bench.h"
#include "tests/support/test_seed.h"

#include <random>

namespace moe::tests {

using nlohmann::json;

namespace {

std::string longBody(int64_t tokens)
{
    return ServerBench::chatBody(R"(, "stream": true, "max_tokens": )" + std::to_string(tokens));
}

} // namespace

class HostileClientsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cleanup()
    {
        if (m_bench) {
            QCOMPARE(m_bench->ask(getRequest("/health")).status, 200);
            QCOMPARE(m_bench->chat(R"(, "max_tokens": 2)").status, 200);
            QVERIFY(m_bench->quiet());
        }
        m_bench.reset();
    }

    void idleAndHalfRequestsAreClosed()
    {
        ServerBench& bench = start();
        HttpClient idle(bench.port), halfHead(bench.port), halfBody(bench.port), slow(bench.port);
        halfHead.send("POST /v1/chat/completions HTTP/1.1\r\nHost: local");
        halfBody.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                      "Content-Length: 100\r\n\r\n{\"model\":");
        for (int i = 0; i < 8 && slow.send("X"); ++i) // a byte now and then does not help
            QTest::qWait(50);
        QVERIFY(idle.closed());
        QVERIFY(halfHead.closed());
        QVERIFY(halfBody.closed());
        QVERIFY(slow.closed());
    }

    void largeHeadsAndBodies()
    {
        ServerBench& bench = start();
        QCOMPARE(
            bench.ask(getRequest("/health", "X: " + std::string(17 << 10, 'x') + "\r\n")).status,
            400);
        QCOMPARE(bench.ask(getRequest("/" + std::string(17 << 10, 'x'))).status, 400);
        QCOMPARE(
            bench.ask(getRequest("/health", "X: " + std::string(15 << 10, 'x') + "\r\n")).status,
            200);
        const std::string head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n";
        QCOMPARE(bench.ask(head + "Content-Length: 4194305\r\n\r\n").status, 413);
        QCOMPARE(bench.ask(head + "Content-Length: 18446744073709551615\r\n\r\n").status, 413);
        QCOMPARE(bench.ask(head + "Content-Length: 18446744073709551616\r\n\r\n").status, 400);
        // The limit holds for the sum of chunks, too, and the answer arrives though we go on
        // sending.
        std::string chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
        for (int i = 0; i < 5; ++i)
            chunks += "100000\r\n" + std::string(1 << 20, ' ') + "\r\n";
        QCOMPARE(bench.ask(chunks).status, 413);
        QCOMPARE(bench.ask(head + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n").status,
            400);
        QCOMPARE(
            bench.ask(head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n").status, 413);
    }

    void chunkedBodiesAreTaken()
    {
        ServerBench& bench = start();
        const std::string body = ServerBench::chatBody(R"(, "max_tokens": 1)");
        std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n";
        for (const char c : body)
            request += std::string("1\r\n") + c + "\r\n";
        QCOMPARE(bench.ask(request + "0\r\n\r\n").status, 200);
        HttpClient waits(bench.port);
        waits.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            "Content-Length: "
            + std::to_string(body.size()) + "\r\n\r\n");
        QVERIFY(waits.receiveUntil("100 Continue"));
        waits.send(body);
        QCOMPARE(waits.receive().status, 200);
    }

    void otherExpectationsAreRefused()
    {
        ServerBench& bench = start();
        for (const char* expected : {"Expect: 200-ok\r\n", "Expect: 100-continue, x\r\n",
                 "Expect: 100-continue\r\nExpect: 100-continue\r\n", "Expect: \r\n"}) {
            HttpClient client(bench.port);
            client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                + std::string(expected) + "Content-Length: 5\r\n\r\n");
            const HttpResponse response = client.receive(); // without waiting for the body
            QCOMPARE(response.status, 417);
            QCOMPARE(response.fields.at("connection"), std::string("close"));
        }
    }

    void requestsThatCanBeReadInTwoWays_data()
    {
        QTest::addColumn<QByteArray>("fields");
        QTest::newRow("two lengths") << QByteArray("Content-Length: 2\r\nContent-Length: 3\r\n");
        QTest::newRow("one length twice")
            << QByteArray("Content-Length: 2\r\nContent-Length: 2\r\n");
        QTest::newRow("a list of lengths") << QByteArray("Content-Length: 2, 2\r\n");
        QTest::newRow("a signed length") << QByteArray("Content-Length: +2\r\n");
        QTest::newRow("a negative length") << QByteArray("Content-Length: -2\r\n");
        QTest::newRow("no length") << QByteArray("Content-Length: \r\n");
        QTest::newRow("a hexadecimal length") << QByteArray("Content-Length: 0x2\r\n");
        QTest::newRow("length and chunks")
            << QByteArray("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n");
        QTest::newRow("chunks and length")
            << QByteArray("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n");
        QTest::newRow("coded length")
            << QByteArray("Content-Length: 2\r\nTransfer-Encoding: gzip\r\n");
        QTest::newRow("gzip") << QByteArray("Transfer-Encoding: gzip\r\n");
        QTest::newRow("gzip, chunked") << QByteArray("Transfer-Encoding: gzip, chunked\r\n");
        QTest::newRow("chunked, identity")
            << QByteArray("Transfer-Encoding: chunked, identity\r\n");
        QTest::newRow("chunked twice")
            << QByteArray("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
        QTest::newRow("xchunked") << QByteArray("Transfer-Encoding: xchunked\r\n");
        QTest::newRow("space before the colon") << QByteArray("Content-Length : 2\r\n");
        QTest::newRow("two hosts") << QByteArray("Host: localhost\r\nContent-Length: 2\r\n");
        QTest::newRow("a zero byte") << QByteArray("X: a\0b\r\nContent-Length: 2\r\n", 28);
        QTest::newRow("a bare return") << QByteArray("X: a\rb\r\nContent-Length: 2\r\n");
    }
    void requestsThatCanBeReadInTwoWays()
    {
        QFETCH(QByteArray, fields);
        ServerBench& bench = start();
        HttpClient client(bench.port);
        client.send("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n" + fields.toStdString()
            + "\r\n{}" + getRequest("/health"));
        const HttpResponse first = client.receive();
        QCOMPARE(first.status, 400);
        QCOMPARE(first.fields.at("connection"), std::string("close"));
        QCOMPARE(client.receive().status, 0); // what follows is not taken for a request
    }

    void oldHttpHasNoChunks()
    {
        ServerBench& bench = start();
        QCOMPARE(bench
                     .ask("POST /v1/completions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "2\r\n{}\r\n0\r\n\r\n")
                     .status,
            400);
        QCOMPARE(bench.ask("GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n").status, 400);
    }

    void garbage()
    {
        ServerBench& bench = start();
        const uint64_t seed = testSeed();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        std::mt19937_64 random(seed);
        const std::string good
            = postRequest("/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 1)"));
        for (int i = 0; i < 150; ++i) {
            std::string bytes = good;
            for (uint64_t n = random() % 6; n > 0; --n)
                bytes[random() % bytes.size()] = static_cast<char>(random());
            if (random() % 4 == 0)
                for (char& c : bytes)
                    c = static_cast<char>(random());
            if (random() % 4 == 0)
                bytes.resize(random() % bytes.size());
            HttpClient client(bench.port);
            client.send(bytes + "\r\n\r\n");
            const int status = client.receive().status;
            QVERIFY2(status < 500, bytes.c_str());
        }
    }

    void whoGoesAwayIsNotAnswered_data()
    {
        QTest::addColumn<bool>("reset");
        QTest::addColumn<bool>("stream");
        QTest::newRow("closed stream") << false << true;
        QTest::newRow("reset stream") << true << true;
        QTest::newRow("closed, whole answer") << false << false;
        QTest::newRow("reset, whole answer") << true << false;
    }
    void whoGoesAwayIsNotAnswered()
    {
        QFETCH(bool, reset);
        QFETCH(bool, stream);
        ServerBench& bench = start();
        bench.model.stepMilliseconds = 20;
        {
            HttpClient client(bench.port);
            client.send(postRequest("/v1/chat/completions",
                stream ? longBody(4000) : ServerBench::chatBody(R"(, "max_tokens": 4000)")));
            QVERIFY(QTest::qWaitFor(
                [&] { return bench.server.snapshot().totals.generatedTokens > 2; }, 5000));
            if (reset)
                client.abort();
        }
        const int64_t then = bench.model.steps;
        QVERIFY(QTest::qWaitFor([&] { return bench.model.cancelled == 1; }, 5000));
        QVERIFY2(bench.model.steps - then <= 4, "not within a step or two");
        QCOMPARE(bench.server.snapshot().totals.abandoned, int64_t{1});
    }

    void whoGoesAwayWhileWaitingLeavesTheQueue()
    {
        ServerBench& bench = start();
        bench.model.held = true;
        {
            HttpClient first(bench.port), second(bench.port);
            first.send(postRequest("/v1/chat/completions", longBody(10)));
            second.send(postRequest("/v1/chat/completions", ServerBench::chatBody(R"(, "n": 3)")));
            QVERIFY(QTest::qWaitFor([&] { return bench.model.running() == 4; }, 5000));
        }
        QVERIFY(QTest::qWaitFor([&] { return bench.model.cancelled == 4; }, 5000));
        bench.model.held = false;
    }

    void slowReadersAreDropped()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.pendingBytes = 64 << 10;
        options.limits.writeTime = std::chrono::seconds(60); // the bound alone drops it
        ServerBench& bench = start(options);
        bench.model.tokenBytes = 8000;
        bench.model.stepMilliseconds = 0;
        HttpClient client(bench.port, 4096);
        client.send(postRequest("/v1/chat/completions", longBody(4000)));
        QVERIFY(QTest::qWaitFor([&] { return bench.model.cancelled == 1; }, 5000));
        QVERIFY(bench.server.snapshot().totals.generatedTokens < 1000);
        bench.model.tokenBytes = 0;
        QVERIFY(client.closed());
    }

    void whoTakesNothingIsDropped()
    {
        ServerBench& bench = start(); // half a second
        bench.model.tokenBytes = 1000;
        HttpClient client(bench.port, 4096);
        client.send(
            postRequest("/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 900)")));
        QVERIFY(QTest::qWaitFor([&] { return bench.model.ended == 1; }, 5000));
        QTest::qWait(1000);
        bench.model.tokenBytes = 0;
        QVERIFY(!client.receive().whole);
    }

    void idleConnectionsMakeRoomForOthers()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.connections = 4;
        options.limits.headTime = std::chrono::seconds(60);
        ServerBench& bench = start(options);
        std::vector<std::unique_ptr<HttpClient>> idle;
        for (int i = 0; i < 20; ++i)
            idle.push_back(std::make_unique<HttpClient>(bench.port));
        QCOMPARE(bench.ask(getRequest("/health")).status, 200);
        QVERIFY(idle.front()->closed());
    }

    void halfBodiesMakeRoomForOthers()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.connections = 4;
        options.limits.headTime = options.limits.bodyTime = std::chrono::seconds(60);
        ServerBench& bench = start(options);
        std::vector<std::unique_ptr<HttpClient>> half;
        for (int i = 0; i < 20; ++i) {
            half.push_back(std::make_unique<HttpClient>(bench.port));
            half.back()->send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                              "Content-Length: 100\r\n\r\n{");
        }
        QCOMPARE(bench.ask(getRequest("/health")).status, 200);
        QVERIFY(half.front()->closed());
    }

    void whoTakesNothingMakesRoomForOthers()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.connections = 2;
        options.limits.writeTime = std::chrono::seconds(60);
        ServerBench& bench = start(options);
        bench.model.tokenBytes = 8000;
        bench.model.stepMilliseconds = 0;
        HttpClient first(bench.port, 4096), second(bench.port, 4096);
        for (HttpClient* client : {&first, &second})
            client->send(postRequest(
                "/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 900)")));
        QVERIFY(QTest::qWaitFor([&] { return bench.model.ended == 2; }, 5000));
        bench.model.tokenBytes = 0;
        QVERIFY(
            QTest::qWaitFor([&] { return bench.ask(getRequest("/health")).status == 200; }, 5000));
    }

    void bodiesTogetherAreBounded()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.bodyBytes = 1 << 20;
        options.limits.bodiesBytes = 2 << 20;
        options.limits.bodyTime = std::chrono::seconds(60);
        ServerBench& bench = start(options);
        const std::string part = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                                 "Content-Length: 1000000\r\n\r\n"
            + std::string(900'000, ' ');
        HttpClient first(bench.port), second(bench.port), third(bench.port);
        for (HttpClient* client : {&first, &second, &third}) {
            QVERIFY(client->send(part));
            QTest::qWait(100);
        }
        // Whoever has sent nothing for longest goes, and is told so.
        QCOMPARE(first.receive().status, 429);
        const std::string body = ServerBench::chatBody(R"(, "max_tokens": 1)");
        second.send(body + std::string(100'000 - body.size(), ' '));
        QCOMPARE(second.receive().status, 200);
        third.send(body + std::string(100'000 - body.size(), ' '));
        QCOMPARE(third.receive().status, 200);
        // What was counted is given back.
        QCOMPARE(bench.ask(part + body + std::string(100'000 - body.size(), ' ')).status, 200);
    }

    void whoEndsWhatItSendsIsAnswered_data()
    {
        QTest::addColumn<bool>("stream");
        QTest::newRow("stream") << true;
        QTest::newRow("whole answer") << false;
    }
    void whoEndsWhatItSendsIsAnswered()
    {
        QFETCH(bool, stream);
        ServerBench& bench = start();
        bench.model.stepMilliseconds = 20;
        HttpClient client(bench.port);
        client.send(postRequest("/v1/chat/completions",
            stream ? longBody(10) : ServerBench::chatBody(R"(, "max_tokens": 10)")));
        client.endSending();
        const HttpResponse response = client.receive();
        QCOMPARE(response.status, 200);
        QVERIFY(response.whole);
        QVERIFY(response.body.find("7.8.9") != std::string::npos);
        QCOMPARE(bench.server.snapshot().totals.abandoned, int64_t{0});
        QVERIFY(client.closed());
    }

    void whoEndsSendingWhileTheAnswerIsSentGetsItAll_data()
    {
        QTest::addColumn<bool>("stream");
        QTest::newRow("stream") << true;
        QTest::newRow("whole answer") << false;
    }
    void whoEndsSendingWhileTheAnswerIsSentGetsItAll()
    {
        QFETCH(bool, stream);
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.writeTime = std::chrono::seconds(10);
        ServerBench& bench = start(options);
        bench.model.tokenBytes = 2000;
        bench.model.stepMilliseconds = 0;
        HttpClient client(bench.port, 4096); // most of the answer waits with the server
        client.send(postRequest("/v1/chat/completions",
            stream ? longBody(300) : ServerBench::chatBody(R"(, "max_tokens": 300)")));
        QVERIFY(client.receiveUntil("7.8.0"));
        QVERIFY(bench.quiet());
        client.endSending();
        QTest::qWait(100);
        const HttpResponse response = client.receive();
        QVERIFY(response.whole);
        QVERIFY(response.body.find("7.8.299") != std::string::npos);
        QVERIFY(client.closed());
        bench.model.tokenBytes = 0;
    }

    void whatIsAskedBeforeTheEndIsAnswered()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.writeTime = std::chrono::seconds(10);
        ServerBench& bench = start(options);
        bench.model.tokenBytes = 2000;
        bench.model.stepMilliseconds = 0;
        HttpClient client(bench.port, 4096);
        client.send(
            postRequest("/v1/chat/completions", ServerBench::chatBody(R"(, "max_tokens": 300)")));
        QVERIFY(client.receiveUntil("7.8.0"));
        QVERIFY(bench.quiet());
        client.send(getRequest("/health"));
        client.endSending();
        QTest::qWait(100);
        QVERIFY(client.receive().whole);
        QCOMPARE(client.receive().status, 200);
        bench.model.tokenBytes = 0;
    }

    void whoMayNotAskIsToldThatFirst()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.apiKey = "secret";
        ServerBench bench(options);
        const std::string request
            = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194305\r\n";
        QCOMPARE(bench.ask(request + "\r\n").status, 401);
        QCOMPARE(bench.ask(request + "Authorization: Bearer secret\r\n\r\n").status, 413);
    }

    void hostsAreReadStrictly()
    {
        ServerBench& bench = start();
        for (const char* host : {"localhost:80@evil.com", "localhost:80.evil.com", "[::1]evil.com",
                 "[::1]:80@evil.com", "[::1", "127.0.0.1:x", "localhost :80"})
            QCOMPARE(
                bench.ask("GET /health HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").status,
                400);
        for (const char* host : {"localhost", "localhost:80", "[::1]:80", "[::1]", "127.0.0.1:80"})
            QCOMPARE(
                bench.ask("GET /health HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").status,
                200);
    }

    void busyConnectionsDoNot()
    {
        serve::ServerOptions options = ServerBench::quickOptions();
        options.limits.connections = 3;
        ServerBench& bench = start(options);
        bench.model.held = true;
        std::vector<std::unique_ptr<HttpClient>> busy;
        for (int i = 0; i < 3; ++i) {
            busy.push_back(std::make_unique<HttpClient>(bench.port));
            busy.back()->send(postRequest("/v1/chat/completions", longBody(3)));
        }
        QVERIFY(QTest::qWaitFor([&] { return bench.model.running() == 3; }, 5000));
        QCOMPARE(HttpClient(bench.port).receive().status, 429);
        bench.model.held = false;
        for (const auto& client : busy)
            QVERIFY(client->receive().whole);
        busy.clear();
        QTest::qWait(50);
    }

    void floodsBehindARequestAreNotKept()
    {
        ServerBench& bench = start();
        bench.model.stepMilliseconds = 20;
        HttpClient client(bench.port);
        client.send(postRequest("/v1/chat/completions", longBody(20)));
        QVERIFY(client.receiveUntil("7.8.0"));
        for (int i = 0; i < 64; ++i)
            client.send(std::string(64 << 10, 'x'));
        QCOMPARE(client.receive().events().back(), std::string("[DONE]"));
        QVERIFY(client.closed());
    }

    void bodiesThatCostTime()
    {
        ServerBench& bench = start();
        const std::string deep(100'000, '[');
        QCOMPARE(bench.ask(postRequest("/v1/chat/completions", deep)).status, 400);
        std::string keys = "{";
        for (int i = 0; i < 200'000; ++i)
            keys += "\"" + std::to_string(i) + "\":1,";
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(bench.ask(postRequest("/v1/chat/completions", keys + "\"x\":1}")).status, 400);
        QVERIFY(timer.elapsed() < 2000);
        std::string objects
            = R"({"model": "fake", "prompt": "a", "max_tokens": 1, "metadata": [{})";
        for (int i = 0; i < 200'000; ++i)
            objects += ",{}";
        timer.restart();
        QCOMPARE(bench.ask(postRequest("/v1/completions", objects + "]}")).status, 200);
        QVERIFY(timer.elapsed() < 2000);
        for (const char* body : {"", "null", "[]", "{", "{\"model\":\"fake\",}", "\xff", "1e999"})
            QCOMPARE(bench.ask(postRequest("/v1/chat/completions", body)).status, 400);
    }

private:
    ServerBench& start(const serve::ServerOptions& options = ServerBench::quickOptions())
    {
        m_bench = std::make_unique<ServerBench>(options);
        return *m_bench;
    }

    std::unique_ptr<ServerBench> m_bench;
};

} // namespace moe::tests

QTEST_GUILESS_MAIN(moe::tests::HostileClientsTest)
#include "hostile_clients_test.moc"
