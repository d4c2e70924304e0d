// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Bodies to generations, pieces to answers: what the server says without a socket.
#include "engine/serve/api_error.h"
#include "engine/serve/completion_answer.h"
#include "engine/serve/completion_request.h"
#include "engine/serve/http_response.h"
#include "engine/serve/routes.h"
#include "tests/engine/serve/fake_model.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace moe::tests {

using nlohmann::json;

namespace {

serve::CompletionRequest read(const std::string& more, bool chat = true)
{
    static FakeModel model;
    const std::string prompt
        = chat ? R"("messages": [{"role": "user", "content": "hi"}])" : R"("prompt": "hi")";
    const std::string comma = more.empty() ? "" : ", ";
    return serve::readCompletionRequest(
        R"({"model": "fake", )" + prompt + comma + more + "}", chat, model.served(), 200);
}

/// The key that a refusal names; "none" when there is none.
std::string refusedKey(const std::string& more, bool chat = true)
{
    try {
        read(more, chat);
    } catch (const serve::ApiError& error) {
        return error.status() == 400 ? error.param() : std::to_string(error.status());
    }
    return "none";
}

serve::AnswerHead headOf(bool chat)
{
    serve::AnswerHead head;
    head.chat = chat;
    head.logprobs = true;
    head.id = "id";
    head.model = "m";
    head.tokenBytes = [](int32_t id) {
        return id == 0 ? std::string("\xE4\xBD") : std::string("ab");
    };
    return head;
}

} // namespace

class CompletionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void defaultsAreOpenAis()
    {
        const infer::GenerationRequest chat = read("").generations.at(0);
        QCOMPARE(chat.sampling.temperature, 1.0);
        QCOMPARE(chat.sampling.topP, 1.0);
        QCOMPARE(chat.maxTokens, int64_t{4096 - 8}); // what the context leaves
        QVERIFY(!chat.seed);
        QCOMPARE(chat.topLogprobs, int64_t{-1});
        QCOMPARE(read("", false).generations.at(0).maxTokens, int64_t{16});
        QVERIFY(!read("").stream);
        // null is as if it were not there
        QCOMPARE(read(R"("temperature": null, "stop": null, "tools": null)")
                     .generations.at(0)
                     .sampling.temperature,
            1.0);
    }

    void valuesArrive()
    {
        const serve::CompletionRequest request = read(
            R"("temperature": 0.5, "top_p": 0.9, "top_k": 7, "min_p": 0.2, "n": 2, "seed": -1,
               "presence_penalty": 1, "frequency_penalty": -1, "repetition_penalty": 1.5,
               "stop": ["x", "y"], "max_completion_tokens": 9, "logprobs": true, "top_logprobs": 4,
               "stream": true, "stream_options": {"include_usage": true})");
        QVERIFY(request.stream && request.includeUsage);
        QCOMPARE(request.generations.size(), size_t{2});
        const infer::GenerationRequest& second = request.generations[1];
        QCOMPARE(second.sampling.temperature, 0.5);
        QCOMPARE(second.sampling.topP, 0.9);
        QCOMPARE(second.sampling.topK, int64_t{7});
        QCOMPARE(second.sampling.minP, 0.2);
        QCOMPARE(second.sampling.presencePenalty, 1.0);
        QCOMPARE(second.sampling.frequencyPenalty, -1.0);
        QCOMPARE(second.sampling.repetitionPenalty, 1.5);
        QCOMPARE(*second.seed, uint64_t{0}); // −1 + 1
        QCOMPARE(second.stop.size(), size_t{2});
        QCOMPARE(second.maxTokens, int64_t{9});
        QCOMPARE(second.topLogprobs, int64_t{4});
    }

    void refusalsNameTheKey()
    {
        const std::string longStop = "\"stop\": \"" + std::string(1001, 'x') + "\"";
        const std::pair<const char*, const char*> wrong[]
            = {{R"("temperature": 2.01)", "temperature"}, {R"("temperature": -0.1)", "temperature"},
                {R"("temperature": "1")", "temperature"}, {R"("top_p": 1.1)", "top_p"},
                {R"("n": 0)", "n"}, {R"("n": 129)", "n"}, {R"("n": 1.5)", "n"},
                {R"("n": 18446744073709551615)", "n"}, {R"("max_tokens": 0)", "max_tokens"},
                {R"("max_tokens": 1, "max_completion_tokens": 2)", "max_completion_tokens"},
                {R"("stop": ["a", "b", "c", "d", "e"])", "stop"}, {R"("stop": "")", "stop"},
                {longStop.c_str(), "stop"}, {R"("stop": [1])", "stop"},
                {R"("stop": {"a": "b"})", "stop"}, {R"("seed": 1.0)", "seed"},
                {R"("seed": "1")", "seed"}, {R"("logprobs": 1)", "logprobs"},
                {R"("top_logprobs": 1)", "top_logprobs"},
                {R"("logprobs": true, "top_logprobs": 21)", "top_logprobs"},
                {R"("stream": "yes")", "stream"}, {R"("stream_options": {})", "stream_options"},
                {R"("tools": [])", "tools"},
                {R"("response_format": {"type": "text"})", "response_format"},
                {R"("logit_bias": {})", "logit_bias"}, {R"("prompt": "x")", "prompt"},
                {R"("messages": "hi")", "messages"}};
        for (const auto& [more, key] : wrong)
            QCOMPARE(refusedKey(more), std::string(key));
        for (const char* more : {R"("echo": true)", R"("best_of": 2)", R"("suffix": "x")"})
            QCOMPARE(refusedKey(more, false),
                std::string(more).substr(1, std::string(more).find(':') - 2));
        for (const char* more : {R"("echo": false)", R"("best_of": 1)", R"("suffix": "")",
                 R"("user": 1)", R"("store": true, "metadata": {"a": "b"})"})
            QCOMPARE(refusedKey(more, false), std::string("none"));
        QCOMPARE(refusedKey(R"("prompt": [1, -1])", false), std::string("prompt"));
        QCOMPARE(refusedKey(R"("prompt": [[1], "a", {}])", false), std::string("prompt"));
        QCOMPARE(refusedKey(R"("model": "other")"), std::string("404"));
    }

    void partsAreJoinedAndMustBeText()
    {
        const std::string two
            = R"("messages": [{"role": "user", "content": [)"
              R"({"type": "text", "text": "h"}, {"type": "text", "text": "i"}]}])";
        QVERIFY(read(two).generations.at(0).prompt == read("").generations.at(0).prompt);
        for (const char* content :
            {R"([{"type": "image_url"}])", "null", "7", R"([{"type": "text"}])", "[1]"})
            QCOMPARE(refusedKey(R"("messages": [{"role": "user", "content": )"
                         + std::string(content) + "}]"),
                std::string("messages"));
        QCOMPARE(refusedKey(R"("messages": [{"role": "assistant", "content": null}])"),
            std::string("none"));
    }

    void logprobsOfHalfCharactersAndImpossibleTokens()
    {
        infer::GeneratedPiece piece;
        piece.ids = {0, 1};
        piece.text = "你";
        piece.logprobs = {{0, -0.25}, {1, -std::numeric_limits<double>::infinity()}};
        piece.top = {{{1, -0.5}}, {}};
        serve::ChoiceSoFar choice;
        const json chat = json::parse(serve::pieceChunk(headOf(true), choice, piece));
        const json content = chat["choices"][0]["logprobs"]["content"];
        QVERIFY(content[0]["bytes"] == json({0xE4, 0xBD}));
        QCOMPARE(content[0]["token"].get<std::string>(), std::string("\uFFFD\uFFFD"));
        QCOMPARE(content[0]["top_logprobs"][0]["logprob"].get<double>(), -0.5);
        QCOMPARE(content[1]["logprob"].get<double>(), -9999.0);

        serve::ChoiceSoFar listed;
        serve::pieceChunk(headOf(false), listed, piece);
        const json second = json::parse(serve::pieceChunk(headOf(false), listed, piece));
        QVERIFY(second["choices"][0]["logprobs"]["text_offset"] == json({4, 6}));
        listed.all = piece;
        serve::append(listed.all, piece);
        const json whole = json::parse(serve::wholeAnswer(headOf(false), {listed}, {}));
        QVERIFY(whole["choices"][0]["logprobs"]["text_offset"] == json({0, 2, 4, 6}));
    }

    void headsAndChunks()
    {
        serve::ResponseHead head;
        head.status = 405;
        head.extraFields = "Allow: POST\r\n";
        const std::string text = serve::headWithLength(head, 12);
        QVERIFY(text.starts_with("HTTP/1.1 405 Method Not Allowed\r\nDate: "));
        QVERIFY(text.ends_with("Allow: POST\r\nContent-Length: 12\r\n\r\n"));
        QVERIFY(serve::headOfStream(head, false).find("Transfer-Encoding") == std::string::npos);
        QCOMPARE(serve::chunkOf(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
        QVERIFY(serve::needsKey("/v1?x") && serve::needsKey("/v1/") && !serve::needsKey("/v1x"));
    }
};

} // namespace moe::tests

QTEST_GUILESS_MAIN(moe::tests::CompletionTest)
#include "completion_test.moc"
