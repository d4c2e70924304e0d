// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/evaluate.h"
#include "engine/infer/generator.h"
#include "engine/text/stream_decoder.h"
#include "kernels/error.h"
#include "tests/engine/infer/small_model.h"
#include "tests/support/folders.h"
#include "tests/support/test_seed.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <future>
#include <random>
#include <set>

using namespace moe;
using infer::FinishReason;
using infer::GenerationRequest;
using infer::GenerationResult;
using infer::Generator;
using infer::OpenedModel;
using infer::OpenOptions;

namespace {

std::vector<int32_t> randomIds(std::mt19937_64& random, size_t count)
{
    std::vector<int32_t> ids;
    for (size_t i = 0; i < count; ++i)
        ids.push_back(static_cast<int32_t>(3 + random() % 100));
    return ids;
}

/// Requests of all kinds; some begin alike.
std::vector<GenerationRequest> randomRequests(std::mt19937_64& random, size_t count, bool masks)
{
    const std::vector<int32_t> beginning = randomIds(random, 35);
    std::vector<GenerationRequest> requests;
    for (size_t i = 0; i < count; ++i) {
        GenerationRequest request;
        request.prompt = randomIds(random, 1 + random() % 40);
        if (random() % 2)
            request.prompt.insert(request.prompt.begin(), beginning.begin(), beginning.end());
        request.maxTokens = static_cast<int64_t>(1 + random() % 40);
        request.seed = random();
        request.topLogprobs = 2;
        if (random() % 3) {
            request.sampling.temperature = 0.7;
            request.sampling.topP = 0.9;
            request.sampling.repetitionPenalty = 1.1;
        }
        request.routing = masks && random() % 3 == 0;
        request.routingExtra = 1;
        if (masks && random() % 3 == 0)
            request.masks = {{2, static_cast<int32_t>(random() % 2)}};
        requests.push_back(request);
    }
    return requests;
}

bool sameLogprob(const infer::TokenLogprob& a, const infer::TokenLogprob& b)
{
    return a.id == b.id && a.logprob == b.logprob;
}

bool sameLayer(const infer::LayerRouting& a, const infer::LayerRouting& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
        [](const auto& x, const auto& y) { return x.expert == y.expert && x.weight == y.weight; });
}

/// Bit for bit.
bool same(const GenerationResult& a, const GenerationResult& b)
{
    return a.ids == b.ids && a.text == b.text && a.finish == b.finish
        && std::equal(
            a.logprobs.begin(), a.logprobs.end(), b.logprobs.begin(), b.logprobs.end(), sameLogprob)
        && std::equal(a.routing.begin(), a.routing.end(), b.routing.begin(), b.routing.end(),
            [](const auto& x, const auto& y) {
                return std::equal(x.begin(), x.end(), y.begin(), y.end(), sameLayer);
            });
}

GenerationRequest requestOf(std::vector<int32_t> prompt, int64_t maxTokens)
{
    GenerationRequest request;
    request.prompt = std::move(prompt);
    request.maxTokens = maxTokens;
    return request;
}

} // namespace

class GeneratorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        const uint64_t seed = tests::testSeed();
        qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(seed));
        m_random.seed(seed);
    }

    void greedyRepliesAreTransformers_data()
    {
        QTest::addColumn<QString>("name");
        const base::Json answers
            = base::readJsonFile(tests::inSource("tests/fixtures/generation.json"));
        for (const auto& answer : answers.items())
            QTest::newRow(answer.key().c_str()) << QString::fromStdString(answer.key());
        QVERIFY(answers.size() >= 12);
    }
    void greedyRepliesAreTransformers()
    {
        QFETCH(QString, name);
        const base::Json answer = base::readJsonFile(
            tests::inSource("tests/fixtures/generation.json"))[name.toStdString()];
        OpenOptions options;
        options.activations = options.kvCache = kernels::DType::Float32;
        OpenedModel model(this->model(name.toStdString()), options);
        Generator generator(model);
        const auto ids = answer["ids"].get<std::vector<int32_t>>();
        const GenerationResult result = infer::generate(
            generator, requestOf(answer["prompt"].get<std::vector<int32_t>>(), 40));
        QCOMPARE(result.ids, ids);
        QCOMPARE(result.finish, ids.size() < 40 ? FinishReason::Stop : FinishReason::Length);
    }

    void sixteenAtOnceEqualOneByOne_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<qint64>("cacheTokens");
        QTest::newRow("mixtral") << "mixtral" << qint64{0};
        QTest::newRow("few pages") << "mixtral" << qint64{192};
        QTest::newRow("latent, few pages") << "deepseek_v2" << qint64{160};
        QTest::newRow("dense") << "llama" << qint64{0};
    }
    void sixteenAtOnceEqualOneByOne()
    {
        QFETCH(QString, name);
        QFETCH(qint64, cacheTokens);
        const auto requests = randomRequests(m_random, 16, name != "llama");
        std::vector<GenerationResult> alone;
        for (const GenerationRequest& request : requests) {
            OpenedModel model(this->model(name.toStdString()));
            Generator generator(model);
            alone.push_back(infer::generate(generator, request));
        }
        OpenOptions options;
        options.parallel = 16;
        options.cacheTokens = cacheTokens;
        options.context = 128;
        OpenedModel model(this->model(name.toStdString()), options);
        std::vector<std::promise<GenerationResult>> ends;
        std::vector<GenerationResult> pieces;
        Generator generator(model); // ends before them, whatever fails
        for (int round = 0; round < 2; ++round) { // the second one finds pages of the first
            ends.clear();
            ends.resize(requests.size());
            pieces.assign(requests.size(), {});
            for (size_t i = 0; i < requests.size(); ++i)
                generator.submit(
                    requests[i],
                    [&pieces, i](const infer::GeneratedPiece& piece) {
                        pieces[i].text += piece.text;
                        pieces[i].ids.insert(
                            pieces[i].ids.end(), piece.ids.begin(), piece.ids.end());
                    },
                    [&ends, i](const GenerationResult& result) { ends[i].set_value(result); });
            for (size_t i = 0; i < requests.size(); ++i) {
                const GenerationResult result = ends[i].get_future().get();
                QVERIFY2(
                    same(result, alone[i]), result.error ? result.error->what() : "another reply");
                QCOMPARE(pieces[i].text, result.text);
                QCOMPARE(pieces[i].ids, result.ids);
            }
        }
        if (cacheTokens == 0) // with few pages it is chance
            QVERIFY(generator.load().reusedTokens > 0);
        const GenerationRequest plain = requestOf(randomIds(m_random, 48), 1);
        QCOMPARE(infer::generate(generator, plain).reusedTokens, 0);
        QCOMPARE(infer::generate(generator, plain).reusedTokens, 32);
    }

    void promptsThatBeginAlikeAreNotFedAgain()
    {
        OpenedModel model(this->model("mixtral"));
        Generator generator(model);
        GenerationRequest request = requestOf(randomIds(m_random, 48), 8);
        request.topLogprobs = 0;
        const GenerationResult first = infer::generate(generator, request);
        const GenerationResult again = infer::generate(generator, request);
        QCOMPARE(first.reusedTokens, 0);
        QCOMPARE(again.reusedTokens, 32); // all full pages but the last token's
        QVERIFY(same(first, again));
        // What was generated is known, too.
        request.prompt.insert(request.prompt.end(), first.ids.begin(), first.ids.end());
        // (An end-of-sequence id may have come first of all.)
        QCOMPARE(infer::generate(generator, request).reusedTokens, first.ids.empty() ? 32 : 48);
        // With an expert left out the keys and values are others.
        request.masks = {{1, 2}};
        QCOMPARE(infer::generate(generator, request).reusedTokens, 0);
        // (An end-of-sequence id may have come first of all.)
        QCOMPARE(infer::generate(generator, request).reusedTokens, first.ids.empty() ? 32 : 48);
        // Who wants the routing of all tokens feeds all.
        request.routing = true;
        QCOMPARE(infer::generate(generator, request).reusedTokens, 0);
    }

    /// The text of a reply that goes on is that of all its tokens, less what was there.
    void repliesGoOnFromTheirTokens()
    {
        OpenedModel opened(model("llama"));
        Generator generator(opened);
        for (const int64_t cut : {1, 2, 3}) {
            GenerationRequest request;
            request.prompt = {5, 6, 29, 30, 31};
            request.prompt.resize(static_cast<size_t>(2 + cut)); // into 你
            request.continued = cut;
            request.maxTokens = 12;
            request.seed = static_cast<uint64_t>(cut);
            const GenerationResult result = infer::generate(generator, request);
            text::StreamDecoder whole(opened.tokenizer(), true);
            std::string text, before;
            for (const int32_t id : std::span(request.prompt).last(static_cast<size_t>(cut)))
                before += whole.push(id);
            for (const int32_t id : result.ids)
                text += whole.push(id);
            QCOMPARE(result.text, text + whole.finish());
            QCOMPARE(before, std::string(cut == 3 ? "你" : ""));
        }
        GenerationRequest request;
        request.prompt = {5, 6};
        request.continued = 3;
        QVERIFY_THROWS_EXCEPTION(UsageError, infer::generate(generator, request));
    }

    /// Reading on behind the end of weights that were cut would end the program.
    void weightsThatChangedAreNotRead()
    {
        const auto folder = model("llama");
        const std::filesystem::path file = folder / "model-00001-of-00002.safetensors";
        OpenedModel opened(folder);
        Generator generator(opened);
        infer::generate(generator, requestOf({5, 6}, 1));
        const std::string bytes = base::readFile(file);
        base::writeFileAtomically(file, bytes); // another file: the one that is open stays
        infer::generate(generator, requestOf({5, 6}, 1));
        OpenedModel again(folder);
        Generator second(again);
        std::filesystem::resize_file(file, 0);
        try {
            infer::generate(second, requestOf({5, 6}, 1));
            QFAIL("the weights are gone");
        } catch (const Error& error) {
            QVERIFY2(
                std::string(error.what()).find(file.string()) != std::string::npos, error.what());
        }
    }

    void longPromptsAreFedInChunks()
    {
        // Beside a reply that goes on, a prompt is fed 128 rows at a time: here in one, after the
        // others, and still the same.
        OpenOptions options;
        options.parallel = 3;
        OpenedModel model(this->model("olmoe"), options);
        Generator generator(model);
        const GenerationRequest request = requestOf(randomIds(m_random, 100), 5);
        const GenerationResult alone = infer::generate(generator, request);
        telemetry::Bus bus;
        std::vector<std::promise<GenerationResult>> ends(3);
        Generator told(model, &bus);
        const auto steps = bus.subscribe(telemetry::Subscription::Loss::Never);
        for (auto& end : ends)
            told.submit(request, {}, [&end](const GenerationResult& r) { end.set_value(r); });
        for (auto& end : ends)
            QVERIFY(same(end.get_future().get(), alone));
        int64_t prompt = 0, decoded = 0;
        for (const auto& message : steps->drain()) {
            const auto& record = std::get<telemetry::GenerationRecord>(*message);
            prompt += record.promptRows;
            decoded += record.decodeRows;
            QCOMPARE(record.layers.size(), 3U);
            for (const telemetry::LayerRecord& layer : record.layers) {
                int64_t sum = 0;
                for (const int64_t load : layer.load)
                    sum += load;
                QCOMPARE(sum, 2 * (record.promptRows + record.decodeRows));
                QCOMPARE(layer.assignments, sum);
            }
        }
        QCOMPARE(prompt + told.load().reusedTokens, 300);
        // All drawn but the last are fed; an end-of-sequence id is drawn and no part of the reply.
        const int64_t drawn = std::ssize(alone.ids) + (alone.finish == FinishReason::Stop ? 1 : 0);
        QCOMPARE(decoded, 3 * (drawn - 1));
    }

    /// What a step costs grows with what is behind it: a step stays short in which a prompt that
    /// nobody waits for any more is dropped.
    void chunksShrinkBehindManyTokens()
    {
        const auto folder = model("llama");
        base::Json config = base::readJsonFile(folder / "config.json");
        constexpr int64_t kTokens = 9'216;
        config["max_position_embeddings"] = kTokens;
        base::writeFileAtomically(folder / "config.json", config.dump());
        OpenedModel model(folder);
        telemetry::Bus bus;
        Generator generator(model, &bus);
        const auto steps = bus.subscribe(telemetry::Subscription::Loss::Never);
        infer::generate(generator, requestOf(randomIds(m_random, kTokens), 1));
        int64_t fed = 0;
        for (const auto& message : steps->drain()) {
            const int64_t rows = std::get<telemetry::GenerationRecord>(*message).promptRows;
            if (fed < 8192)
                QCOMPARE(rows, 512);
            QVERIFY2(rows * fed <= 512 * 8192, qPrintable(QString::number(fed)));
            fed += rows;
        }
        QCOMPARE(fed, kTokens);
    }

    void cancellingTakesEffectWithinAStep()
    {
        OpenedModel model(this->model("mixtral"));
        std::promise<GenerationResult> end, queued;
        std::atomic<infer::RequestId> id = 0;
        int pieces = 0, asked = 0;
        Generator generator(model);
        GenerationRequest endless = requestOf(randomIds(m_random, 4), 100);
        endless.sampling.temperature = 3;
        endless.stop = {"never to be seen"};
        id = generator.submit(
            endless,
            [&](const infer::GeneratedPiece&) {
                ++pieces;
                if (asked == 0 && id != 0) {
                    asked = pieces;
                    generator.cancel(id);
                }
            },
            [&](const GenerationResult& result) { end.set_value(result); });
        const infer::RequestId second = generator.submit(
            endless, {}, [&](const GenerationResult& result) { queued.set_value(result); });
        generator.cancel(second);
        const GenerationResult waiting = queued.get_future().get();
        QCOMPARE(waiting.finish, FinishReason::Cancelled);
        QVERIFY(waiting.ids.empty());
        const GenerationResult result = end.get_future().get();
        if (result.finish != FinishReason::Stop) // an end-of-sequence id may come first
            QCOMPARE(result.finish, FinishReason::Cancelled);
        if (asked != 0)
            QVERIFY(pieces <= asked + 1); // what was held back comes at the end
        generator.cancel(999); // nobody
        QCOMPARE(infer::generate(generator, requestOf({5, 6}, 1)).promptTokens, 2);
        std::stop_source stop;
        stop.request_stop();
        const GenerationResult none = infer::generate(generator, endless, {}, stop.get_token());
        QCOMPARE(none.finish, FinishReason::Cancelled);
        QVERIFY(none.ids.empty());
    }

    void theDestructorEndsWhatRuns()
    {
        OpenedModel model(this->model("mixtral"));
        int ended = 0;
        {
            Generator generator(model);
            for (int i = 0; i < 3; ++i)
                generator.submit(requestOf(randomIds(m_random, 9), 100), {},
                    [&](const GenerationResult&) { ++ended; });
        }
        QCOMPARE(ended, 3);
    }

    void stopStringsAndTheContextEndReplies()
    {
        OpenedModel model(this->model("llama_bias"));
        Generator generator(model);
        GenerationRequest request = requestOf(randomIds(m_random, 10), 30);
        request.topLogprobs = 3;
        GenerationResult whole;
        for (int i = 0; i < 50 && std::ssize(whole.text) < 20; ++i) {
            request.prompt = randomIds(m_random, 10);
            whole = infer::generate(generator, request);
        }
        QVERIFY(whole.text.size() >= 20);
        QCOMPARE(whole.logprobs.size(), whole.ids.size());
        QCOMPARE(whole.top.size(), whole.ids.size());
        QCOMPARE(whole.top[0].size(), 3U);
        QCOMPARE(whole.top[0][0].id, whole.ids[0]); // greedy
        QCOMPARE(whole.top[0][0].logprob, whole.logprobs[0].logprob);
        // A stop string from the middle, which spans tokens.
        request.stop = {QString::fromStdString(whole.text).mid(5, 6).toStdString()};
        const GenerationResult cut = infer::generate(generator, request);
        QCOMPARE(cut.finish, FinishReason::Stop);
        QCOMPARE(cut.text, whole.text.substr(0, whole.text.find(request.stop[0])));
        QVERIFY(std::equal(cut.ids.begin(), cut.ids.end(), whole.ids.begin()));
        QVERIFY(cut.ids.size() < whole.ids.size());
        GenerationRequest full = requestOf(randomIds(m_random, 128), 50);
        QVERIFY(infer::generate(generator, full).ids.size() <= 1);
        GenerationResult result;
        for (int i = 0; i < 50 && result.finish != FinishReason::Length; ++i) {
            full.prompt = randomIds(m_random, 120);
            result = infer::generate(generator, full);
        }
        QCOMPARE(result.finish, FinishReason::Length);
        QCOMPARE(result.ids.size(), 8U); // with the prompt as long as the context
    }

    void routingNamesEveryTokensExperts()
    {
        OpenedModel model(this->model("qwen2_moe")); // layers 0 and 2 are dense
        Generator generator(model);
        GenerationRequest request = requestOf(randomIds(m_random, 20), 12);
        request.routing = true;
        request.routingExtra = 2;
        request.masks = {{1, 3}, {1, 0}, {1, 3}};
        const GenerationResult result = infer::generate(generator, request);
        const int64_t fed
            = 20 + std::ssize(result.ids) - (result.finish == FinishReason::Length ? 1 : 0);
        QCOMPARE(std::ssize(result.routing), fed);
        for (const infer::TokenRouting& token : result.routing) {
            QCOMPARE(token.size(), 3U);
            QVERIFY(token[0].empty() && token[2].empty());
            QCOMPARE(token[1].size(), 4U);
            std::set<int32_t> experts;
            for (const infer::ExpertChoice& choice : token[1]) {
                experts.insert(choice.expert);
                QVERIFY(choice.weight > 0 && choice.weight <= 1);
            }
            QCOMPARE(experts, (std::set<int32_t>{1, 2, 4, 5})); // all but the masked ones
            QVERIFY(token[1][0].weight >= token[1][1].weight);
            QVERIFY(token[1][2].weight >= token[1][3].weight);
            QCOMPARE(token[1][2].gate, token[1][2].weight);
            const float both = token[1][0].gate + token[1][1].gate;
            QVERIFY(both > 0 && both <= 1); // all gates together are one
            QVERIFY(token[1][0].gate / both >= token[1][1].gate / both);
            QVERIFY(token[1][1].gate >= token[1][2].gate);
        }
    }

    void whatCannotBeAskedIsNamed_data()
    {
        QTest::addColumn<QString>("key");
        for (const char* key : {"empty", "long", "vocabulary", "tokens", "temperature", "stop",
                 "logprobs", "layer", "expert", "leave the"})
            QTest::newRow(key) << key;
    }
    void whatCannotBeAskedIsNamed()
    {
        QFETCH(QString, key);
        OpenedModel model(this->model("mixtral")); // 5 experts, 3 of them chosen
        Generator generator(model);
        GenerationRequest request = requestOf({5, 6, 7}, 4);
        if (key == "empty")
            request.prompt = {}, key = "no tokens";
        else if (key == "long")
            request.prompt.assign(129, 5), key = "128";
        else if (key == "vocabulary")
            request.prompt = {103};
        else if (key == "tokens")
            request.maxTokens = 0;
        else if (key == "temperature")
            request.sampling.temperature = -1;
        else if (key == "stop")
            request.stop = {"a", ""};
        else if (key == "logprobs")
            request.topLogprobs = 104;
        else if (key == "layer")
            request.masks = {{3, 0}};
        else if (key == "expert")
            request.masks = {{0, 5}};
        else
            request.masks = {{0, 1}, {0, 2}, {0, 3}};
        try {
            generator.submit(request, {}, {});
            QFAIL("taken");
        } catch (const UsageError& error) {
            QVERIFY2(std::string(error.what()).find(key.toStdString()) != std::string::npos,
                error.what());
        }
    }

    void masksLeaveTheGroupsEnough()
    {
        OpenedModel model(this->model("deepseek_v2_grouped")); // 3 of 12 experts, of 2 of 4 groups
        Generator generator(model);
        GenerationRequest request = requestOf(randomIds(m_random, 20), 5);
        request.routing = true;
        request.masks = {{1, 0}, {1, 1}, {1, 3}, {1, 4}}; // the two best groups may hold two in all
        QVERIFY_THROWS_EXCEPTION(UsageError, generator.submit(request, {}, {}));
        request.masks = {{1, 0}, {1, 1}, {1, 2}, {1, 3}}; // a whole group and one of another
        const GenerationResult result = infer::generate(generator, request);
        QVERIFY(!result.error);
        for (const infer::TokenRouting& token : result.routing) {
            std::set<int32_t> groups;
            for (const infer::ExpertChoice& choice : token[1]) {
                QVERIFY(choice.expert > 3);
                groups.insert(choice.expert / 3);
            }
            QVERIFY(groups.size() <= 2);
        }
    }

    void whatMemoryDoesNotHoldIsRefused()
    {
        const auto folder = model("llama");
        const base::Json config = base::readJsonFile(folder / "config.json");
        base::Json huge = config;
        constexpr int64_t kHuge = 1 << 30; // the most that a configuration may say
        huge["max_position_embeddings"] = kHuge;
        base::writeFileAtomically(folder / "config.json", huge.dump());
        OpenOptions options;
        options.context = kHuge;
        try {
            OpenedModel opened(folder, options);
            QFAIL("opened");
        } catch (const Error& error) {
            QVERIFY2(std::string(error.what()).find("memory has room for") != std::string::npos,
                error.what());
        }
        const OpenedModel bounded(folder);
        QVERIFY(bounded.context() > 128 && bounded.context() < kHuge);
        base::writeFileAtomically(folder / "config.json", config.dump());
        options.context = 129;
        QVERIFY_THROWS_EXCEPTION(UsageError, OpenedModel(folder, options));
        std::stop_source stop;
        stop.request_stop();
        options.context = 0;
        options.cancelled = stop.get_token();
        QVERIFY_THROWS_EXCEPTION(Cancelled, OpenedModel(folder, options));
    }

    void theHeadMayBeInFp8()
    {
        for (const char* name : {"mixtral", "llama"}) { // llama's is tied to the embedding
            const std::vector<int32_t> ids = randomIds(m_random, 60);
            std::vector<std::vector<double>> results;
            for (const infer::Head head : {infer::Head::Stored, infer::Head::Fp8}) {
                OpenOptions options;
                options.activations = options.kvCache = kernels::DType::Float32;
                options.head = head;
                OpenedModel opened(this->model(name), options);
                results.push_back(infer::tokenLogProbabilities(opened, ids));
                QCOMPARE(results.back().size(), 59U);
            }
            // E4M3 keeps three fraction bits: half a step is a sixteenth of a weight at most.
            double difference = 0;
            for (size_t i = 0; i < 59; ++i)
                difference += std::abs(results[0][i] - results[1][i]) / 59;
            QVERIFY2(
                difference > 1e-4 && difference < 0.3, qPrintable(QString::number(difference)));
        }
    }

    void endOfSequenceComesFromBothFiles()
    {
        const auto folder = model("llama");
        base::writeFileAtomically(
            folder / "generation_config.json", R"({"eos_token_id": [40, 2, 7]})");
        const OpenedModel opened(folder);
        const std::vector<int32_t> wanted{2, 7, 40};
        QVERIFY(std::equal(opened.endOfSequence().begin(), opened.endOfSequence().end(),
            wanted.begin(), wanted.end()));
        QCOMPARE(opened.name(), std::string("llama"));
        base::writeFileAtomically(folder / "generation_config.json", R"({"eos_token_id": 103})");
        QVERIFY_THROWS_EXCEPTION(Error, OpenedModel{folder});
    }

private:
    /// A fresh copy of the fixture.
    std::filesystem::path model(const std::string& name)
    {
        const auto folder
            = std::filesystem::path(m_folder.path().toStdString()) / std::to_string(m_models++);
        std::filesystem::create_directory(folder);
        return tests::smallModel(folder, name);
    }

    QTemporaryDir m_folder;
    int m_models = 0;
    std::mt19937_64 m_random;
};

QTEST_GUILESS_MAIN(GeneratorTest)
#include "generator_test.moc"
