// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// moe generate, chat, eval and logits as a user runs them, on a model that moe train makes here, in
// BF16 and in the three schemes of moe quantize.
#include "tests/support/folders.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace {

QJsonObject message(const char* role, const QString& content)
{
    return {{"role", role}, {"content", content}};
}

constexpr int kPatience = 60'000;
const QString kModel = "trained/step-000150";

struct Outcome {
    int status = -1;
    QByteArray out, err;
    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QByteArray lastErrorLine() const { return err.trimmed().split('\n').last(); }
};

void write(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

/// The numbers of a .npy file of float32.
std::vector<float> numbersOf(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray bytes = file.readAll();
    const qsizetype begin
        = 10 + static_cast<uint8_t>(bytes[8]) + 256 * static_cast<uint8_t>(bytes[9]);
    std::vector<float> numbers(static_cast<size_t>(bytes.size() - begin) / sizeof(float));
    std::memcpy(numbers.data(), bytes.data() + begin, numbers.size() * sizeof(float));
    return numbers;
}

} // namespace

class GenerateCommandTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void generateTellsAllAsJson();
    void textComesAsItIs();
    void seedsRepeatAndStopStringsEnd();
    void maskedExpertsAreLeftOut();
    void quantisedModelsAnswerAndScoreAlike_data();
    void quantisedModelsAnswerAndScoreAlike();
    void chatLeavesAtCtrlC();
    void chatLeavesOutWhatIsNoMessage();
    void chatStartsOverWhenTheContextIsFull();
    void benchComparesWithWhatHoldsTheModel();
    void evalChoosesByLikelihood();
    void evalNamesFileAndLine_data();
    void evalNamesFileAndLine();
    void evalRefusesLogitsThatAreNoNumbers();
    void benchRefusesWhatMemoryDoesNotHold();
    void logitsAreWritten();
    void devicesThatAreNotThereAreNamed();
    void memoryOfAnswersHasItsOwnAdvice();
    void failuresAreOneLine_data();
    void failuresAreOneLine();

private:
    QString path(const QString& name) const { return m_folder.filePath(name); }
    void start(QProcess& process, const QStringList& arguments) const;
    Outcome run(const QStringList& arguments, const QByteArray& input = {}) const;
    double perplexityOf(const QString& model) const;

    QTemporaryDir m_folder;
};

void GenerateCommandTest::start(QProcess& process, const QStringList& arguments) const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("MOE_STORE", path("store.sqlite"));
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(m_folder.path());
    process.start(moe::tests::qInBuild("bin/moe"), arguments);
}

Outcome GenerateCommandTest::run(const QStringList& arguments, const QByteArray& input) const
{
    QProcess process;
    start(process, arguments);
    process.write(input);
    process.closeWriteChannel();
    Outcome outcome;
    if (process.waitForFinished(kPatience))
        outcome.status = process.exitCode();
    outcome.out = process.readAllStandardOutput();
    outcome.err = process.readAllStandardError();
    return outcome;
}

void GenerateCommandTest::initTestCase()
{
    QDir(m_folder.path()).mkdir("text");
    for (const char* name : {"architecture.md", "guide.md"})
        QVERIFY(QFile::copy(moe::tests::qInSource("docs/") + QLatin1String(name),
            path("text/" + QLatin1String(name))));
    const Outcome corpus
        = run({"corpus", "text", "--out", "corpus", "--vocab-size", "512", "--quiet"});
    QVERIFY2(corpus.status == 0, corpus.err.constData());
    const QJsonObject config{{"architectures", QJsonArray{"SkyworkForCausalLM"}},
        {"model_type", "skywork"}, {"vocab_size", 512}, {"hidden_size", 64},
        {"intermediate_size", 128}, {"num_hidden_layers", 2}, {"num_attention_heads", 4},
        {"num_key_value_heads", 4}, {"max_position_embeddings", 256},
        {"num_experts", QJsonArray{4}}, {"num_experts_per_tok", 2}, {"rms_norm_eps", 1e-6},
        {"rope_theta", 10000.0}, {"hidden_act", "silu"}, {"moe_expert_interval", 1},
        {"moe_2layer_gate", false}, {"moe_use_mixtral_gating", true}, {"moe_use_logits_norm", true},
        {"moe_gate_norm_std", 1.0}, {"tie_word_embeddings", false}, {"eos_token_id", 2}};
    write(path("config.json"), QJsonDocument(config).toJson());
    const QJsonObject file{{"name", "talks"}, {"model", "config.json"},
        {"data", QJsonObject{{"train", "corpus"}}}, {"sequence_length", 64},
        {"micro_batch_size", 8}, {"global_batch_size", 8}, {"train_steps", 150},
        {"precision", "bfloat16"}, {"seed", 5},
        {"optimizer", QJsonObject{{"name", "adamw"}, {"lr", 4e-3}, {"warmup_steps", 5}}},
        {"checkpoint", QJsonObject{{"dir", "trained"}}}};
    write(path("run.json"), QJsonDocument(file).toJson());
    const Outcome trained = run({"train", "run.json", "--quiet"});
    QVERIFY2(trained.status == 0, trained.err.constData());
}

void GenerateCommandTest::generateTellsAllAsJson()
{
    const Outcome made = run({"generate", "--model", kModel, "--prompt", "The expert",
        "--max-tokens", "12", "--routing", "--routing-extra", "1", "--json", "--quiet"});
    QVERIFY2(made.status == 0, made.err.constData());
    QVERIFY(made.err.isEmpty());
    const QJsonObject json = made.json();
    QCOMPARE(json.keys(),
        QStringList({"decode_tokens_per_second", "finish_reason", "ids", "prompt_tokens", "routing",
            "text", "ttft_seconds"}));
    const QJsonArray ids = json["ids"].toArray(), routing = json["routing"].toArray();
    QVERIFY(!ids.isEmpty() && ids.size() <= 12);
    const bool whole = json["finish_reason"] == "length";
    QCOMPARE(routing.size(), json["prompt_tokens"].toInt() + ids.size() - (whole ? 1 : 0));
    for (const auto& token : routing) {
        QCOMPARE(token.toArray().size(), 2);
        for (const auto& layer : token.toArray()) {
            QCOMPARE(layer.toArray().size(), 3); // two chosen, one runner-up
            const double weights = layer.toArray()[0].toArray()[1].toDouble()
                + layer.toArray()[1].toArray()[1].toDouble();
            QVERIFY(std::abs(weights - 1) < 1e-5);
        }
    }
    // The ids are the text's.
    QStringList list;
    for (const auto& id : ids)
        list << QString::number(id.toInt());
    const Outcome text = run({"tokenize", "--model", kModel, "--decode", list.join(',')});
    QCOMPARE(QString::fromUtf8(text.out), json["text"].toString() + "\n");
}

void GenerateCommandTest::textComesAsItIs()
{
    const QStringList words{"generate", "--model", kModel, "--prompt", "A ", "--max-tokens", "30"};
    const Outcome text = run(words), json = run(words + QStringList{"--json"});
    QCOMPARE(text.status, 0);
    QCOMPARE(QString::fromUtf8(text.out), json.json()["text"].toString() + "\n");
    QVERIFY2(text.err.contains("tokens/s"), text.err.constData());
    QVERIFY(json.json()["routing"].isNull());
    write(path("chat.json"), R"([{"role": "user", "content": "What is a router?"}])");
    const Outcome chat = run({"generate", "--model", kModel, "--messages", "chat.json", "--json",
        "--max-tokens", "4", "--kv-cache", "fp8"});
    QCOMPARE(chat.status, 0);
    QVERIFY2(chat.err.contains("joined by newlines"), chat.err.constData());
}

void GenerateCommandTest::seedsRepeatAndStopStringsEnd()
{
    const QStringList words{"generate", "--model", kModel, "--prompt", "The", "--max-tokens", "40",
        "--temperature", "1.2", "--top-p", "0.95", "--json"};
    const QString one = run(words + QStringList{"--seed", "1"}).json()["text"].toString();
    QCOMPARE(run(words + QStringList{"--seed", "1"}).json()["text"].toString(), one);
    QVERIFY(run(words + QStringList{"--seed", "2"}).json()["text"].toString() != one);
    QVERIFY(one.size() > 12);
    const QString stop = one.mid(6, 5);
    const QJsonObject cut = run(words + QStringList{"--seed", "1", "--stop", stop}).json();
    QCOMPARE(cut["text"].toString(), one.left(one.indexOf(stop)));
    QCOMPARE(cut["finish_reason"].toString(), QString("stop"));
}

void GenerateCommandTest::maskedExpertsAreLeftOut()
{
    const Outcome made = run({"generate", "--model", kModel, "--prompt", "The", "--max-tokens", "8",
        "--routing", "--json", "--mask-expert", "1:0", "--mask-expert", "1:2"});
    QCOMPARE(made.status, 0);
    for (const auto& token : made.json()["routing"].toArray()) {
        for (const auto& choice : token.toArray()[1].toArray()) {
            const int expert = choice.toArray()[0].toInt();
            QVERIFY(expert == 1 || expert == 3);
        }
    }
}

double GenerateCommandTest::perplexityOf(const QString& model) const
{
    const Outcome measured
        = run({"eval", "--model", model, "--data", "text/architecture.md", "--json", "--quiet"});
    if (measured.status != 0)
        qWarning("%s", measured.err.constData());
    return measured.json()["perplexity"].toDouble(NAN);
}

void GenerateCommandTest::quantisedModelsAnswerAndScoreAlike_data()
{
    QTest::addColumn<QString>("scheme");
    for (const char* scheme : {"", "fp8-tensor", "fp8-channel", "fp8-block"})
        QTest::newRow(*scheme ? scheme : "bfloat16") << scheme;
}

void GenerateCommandTest::quantisedModelsAnswerAndScoreAlike()
{
    QFETCH(QString, scheme);
    const double wide = perplexityOf(kModel);
    QVERIFY2(wide > 1 && wide < 200, qPrintable(QString::number(wide))); // 512 before training
    QString model = kModel;
    if (!scheme.isEmpty()) {
        model = scheme;
        const Outcome made
            = run({"quantize", "--model", kModel, "--scheme", scheme, "--out", scheme, "--quiet"});
        QVERIFY2(made.status == 0, made.err.constData());
        const double narrow = perplexityOf(model);
        QVERIFY2(std::abs(narrow / wide - 1) < 0.01,
            qPrintable(QString("%1 after, %2 before").arg(narrow).arg(wide)));
    }
    const Outcome chat
        = run({"chat", "--model", model, "--max-tokens", "12", "--system", "Be brief."},
            "What is an expert?\n\nAnd a router?");
    QVERIFY2(chat.status == 0, chat.err.constData());
    QVERIFY2(chat.err.contains("joined by newlines"), chat.err.constData());
    // What generate answers to the same conversations, line by line; what it says is chance.
    QJsonArray messages{message("system", "Be brief.")};
    QByteArray expected;
    for (const char* line : {"What is an expert?", "And a router?"}) {
        messages.append(message("user", line));
        QFile file(path("chat.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QJsonDocument(messages).toJson());
        file.close();
        const Outcome answer = run({"generate", "--model", model, "--messages", "chat.json",
            "--max-tokens", "12", "--json"});
        QVERIFY2(answer.status == 0, answer.err.constData());
        const QJsonObject reply = QJsonDocument::fromJson(answer.out).object();
        QVERIFY(!reply["ids"].toArray().isEmpty());
        expected += reply["text"].toString().toUtf8() + "\n";
        messages.append(message("assistant", reply["text"].toString()));
    }
    QCOMPARE(chat.out.left(expected.size()), expected);
}

void GenerateCommandTest::chatLeavesAtCtrlC()
{
    QProcess process;
    start(process, {"chat", "--model", kModel, "--max-tokens", "5", "--quiet"});
    process.write("Hello\n");
    QVERIFY(process.waitForReadyRead(kPatience));
    QTest::qWait(300);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(kPatience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
}

void GenerateCommandTest::chatLeavesOutWhatIsNoMessage()
{
    const QStringList words{"chat", "--model", kModel, "--max-tokens", "6", "--quiet"};
    const QByteArray tooLong(4000, 'x'); // of a context of 256 tokens
    const Outcome alone = run(words, "Hello\nAnd now?\n");
    const Outcome chat = run(words, "\xff\xfe\nHello\n" + tooLong + "\nAnd now?\n");
    QVERIFY2(chat.status == 0, chat.err.constData());
    QCOMPARE(chat.out, alone.out);
    QCOMPARE(chat.err.count("moe: this line is left out: "), 2);
    QVERIFY2(chat.err.contains("UTF-8"), chat.err.constData());
    QVERIFY2(chat.err.contains("at most the context, 256"), chat.err.constData());
}

void GenerateCommandTest::chatStartsOverWhenTheContextIsFull()
{
    const QStringList words{"chat", "--model", kModel, "--max-tokens", "6", "--quiet"};
    const Outcome fresh = run(words, "And now?\n");
    const Outcome chat = run(words, "Hello\n" + QByteArray(4000, 'x') + "\n/new\nAnd now?\n");
    QVERIFY2(chat.status == 0, chat.err.constData());
    QVERIFY2(chat.err.contains("/new starts a new conversation"), chat.err.constData());
    QVERIFY2(chat.err.contains("moe: a new conversation"), chat.err.constData());
    QVERIFY2(chat.out.endsWith(fresh.out), chat.out.constData());
}

void GenerateCommandTest::benchRefusesWhatMemoryDoesNotHold()
{
    QFile file(path("config.json"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QJsonObject config = QJsonDocument::fromJson(file.readAll()).object();
    config["hidden_size"] = 16384;
    config["intermediate_size"] = 65536;
    config["num_hidden_layers"] = 200;
    write(path("huge.json"), QJsonDocument(config).toJson());
    for (const char* what : {"decode", "prefill"}) {
        const Outcome refused = run({"bench", what, "--config", "huge.json", "--json"});
        QCOMPARE(refused.status, 1);
        QVERIFY(refused.out.isEmpty());
        QCOMPARE(refused.err.count('\n'), 1);
        QVERIFY2(refused.err.contains("the weights take"), refused.err.constData());
    }
}

void GenerateCommandTest::benchComparesWithWhatHoldsTheModel()
{
    const QJsonObject small
        = run({"bench", "decode", "--config", "config.json", "--tokens", "4", "--json"}).json();
    const double bytes = small["read_buffer_bytes"].toDouble();
    QVERIFY2(bytes > 1e5 && bytes < 1e6, qPrintable(QString::number(bytes)));
    QVERIFY(small["read_bandwidth_fraction"].toDouble() > 0);
    QVERIFY(small["read_bandwidth_fraction"].toDouble() < 1);
}

void GenerateCommandTest::evalChoosesByLikelihood()
{
    // What the model has read is likelier than noise.
    write(path("questions.jsonl"),
        R"({"question": "the expert", "choices": ["zqzqzq", "s and the "], "answer": 1})"
        "\n"
        R"({"question": "The router", "choices": [" of the ", "##QXQX##"], "answer": " of the "})"
        "\n\n"
        R"({"question": "mod", "choices": ["el", "}{}{"], "answer": 1})"
        "\n");
    const Outcome measured
        = run({"eval", "--model", kModel, "--data", "questions.jsonl", "--json"});
    QVERIFY2(measured.status == 0, measured.err.constData());
    QCOMPARE(measured.json()["items"].toInt(), 3);
    QVERIFY(std::abs(measured.json()["accuracy"].toDouble() - 2.0 / 3) < 1e-9);
    // Choices without a question follow what a document does. In this corpus "t" begins more of
    // them than a control character.
    write(path("alone.jsonl"), R"({"question": "", "choices": ["\u0007", "t"], "answer": 1})");
    const Outcome alone = run({"eval", "--model", kModel, "--data", "alone.jsonl", "--json"});
    QVERIFY2(alone.status == 0, alone.err.constData());
    QCOMPARE(alone.json()["accuracy"].toDouble(), 1.0);
    write(path("bad.jsonl"), R"({"question": "x", "choices": ["a"], "answer": 1})");
    const Outcome bad = run({"eval", "--model", kModel, "--data", "bad.jsonl", "--json"});
    QCOMPARE(bad.status, 1);
    QVERIFY2(bad.lastErrorLine().contains("line 1"), bad.err.constData());
}

void GenerateCommandTest::evalNamesFileAndLine_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("word");
    const QByteArray good = R"({"question": "the", "choices": [" of"], "answer": 0})"
                            "\n";
    const auto item = [](const QByteArray& question, const QByteArray& choices) {
        return QByteArray(
            R"({"question": ")" + question + R"(", "choices": [)" + choices + R"(], "answer": 0})");
    };
    QTest::newRow("empty choice") << "a.jsonl" << good + item("the", R"("")") << "a.jsonl: line 2";
    QTest::newRow("too long") << "a.jsonl" << good + item(QByteArray(4000, 'x'), R"("y")")
                              << "a.jsonl: line 2";
    QTest::newRow("no text") << "a.txt" << QByteArray() << "a.txt";
    QTest::newRow("not UTF-8") << "a.txt" << QByteArray("ab\xff") << "a.txt, byte 2";
}

void GenerateCommandTest::evalNamesFileAndLine()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, text);
    QFETCH(QString, word);
    write(path(name), text);
    const Outcome failed = run({"eval", "--model", kModel, "--data", name, "--json", "--quiet"});
    QCOMPARE(failed.status, 1);
    QVERIFY(failed.out.isEmpty());
    QVERIFY2(failed.lastErrorLine().contains(word.toUtf8()), failed.err.constData());
}

void GenerateCommandTest::evalRefusesLogitsThatAreNoNumbers()
{
    QDir(m_folder.path()).mkdir("nan");
    for (const QString& name : QDir(path(kModel)).entryList(QDir::Files))
        QVERIFY(QFile::copy(path(kModel + "/" + name), path("nan/" + name)));
    QFile file(path("nan/model.safetensors"));
    QVERIFY(file.open(QIODevice::ReadWrite));
    uint64_t length = 0;
    file.read(reinterpret_cast<char*>(&length), sizeof length);
    const QJsonObject header
        = QJsonDocument::fromJson(file.read(static_cast<qint64>(length))).object();
    const QJsonArray at = header["model.norm.weight"].toObject()["data_offsets"].toArray();
    QVERIFY(at.size() == 2);
    file.seek(8 + static_cast<qint64>(length) + at[0].toInt());
    file.write("\xC0\x7F", 2); // NaN in BF16
    file.close();
    write(path("questions-nan.jsonl"),
        R"({"question": "the expert", "choices": ["zqzqzq", "s and the "], "answer": 1})");
    for (const char* data : {"text/guide.md", "questions-nan.jsonl"}) {
        const Outcome failed = run({"eval", "--model", "nan", "--data", data, "--json", "--quiet"});
        QCOMPARE(failed.status, 1);
        QVERIFY(failed.out.isEmpty());
        QVERIFY2(failed.err.contains("logits are no numbers"), failed.err.constData());
    }
}

void GenerateCommandTest::logitsAreWritten()
{
    const QString model
        = moe::tests::qInSource("tests/fixtures/models/mixtral"); // has no tokenizer
    const QStringList words{"logits", "--model", model, "--tokens", "5,17,102,0,63", "--quiet"};
    QCOMPARE(run(words + QStringList{"--out", "exact.npy", "--precision", "float32"}).status, 0);
    QCOMPARE(run(words + QStringList{"--out", "fast.npy", "--threads", "1"}).status, 0);
    const std::vector<float> exact = numbersOf(path("exact.npy")),
                             fast = numbersOf(path("fast.npy"));
    QCOMPARE(exact.size(), 5U * 103U);
    QCOMPARE(fast.size(), exact.size());
    double most = 0, largest = 0;
    for (size_t i = 0; i < 103; ++i) {
        most = std::max(most, std::abs(double{exact[i]} - double{fast[i]}));
        largest = std::max(largest, std::abs(double{exact[i]}));
    }
    QVERIFY2(most > 0 && most < 0.05 * largest, qPrintable(QString::number(most / largest)));
}

void GenerateCommandTest::devicesThatAreNotThereAreNamed()
{
    const QStringList model{"--model", kModel}, config{"--config", "config.json"};
    for (const QStringList& words : {QStringList{"generate", "--prompt", "x"} + model,
             QStringList{"chat"} + model, QStringList{"eval", "--data", "config.json"} + model,
             QStringList{"logits", "--tokens", "1", "--out", "x.npy"} + model,
             QStringList{"serve", "--port", "0"} + model, QStringList{"bench", "decode"} + config,
             QStringList{"bench", "prefill"} + config, QStringList{"bench", "kernels"},
             QStringList{"selftest"}}) {
        const Outcome failed = run(words + QStringList{"--device", "cuda:1"});
        QCOMPARE(failed.status, 1);
        QVERIFY2(failed.lastErrorLine().contains("no device cuda:1 here: --device: cpu"),
            failed.err.constData());
    }
}

void GenerateCommandTest::memoryOfAnswersHasItsOwnAdvice()
{
    QFile file(path("config.json"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QJsonObject config = QJsonDocument::fromJson(file.readAll()).object();
    config["max_position_embeddings"] = 1'000'000;
    config["head_dim"] = 512;
    write(path("long.json"), QJsonDocument(config).toJson());
    const Outcome failed = run(
        {"bench", "decode", "--config", "long.json", "--batch", "1024", "--prompt", "900000"});
    QCOMPARE(failed.status, 1);
    QVERIFY2(failed.lastErrorLine().contains("memory is used up"), failed.err.constData());
    QVERIFY2(failed.lastErrorLine().contains("FP8 KV cache"), failed.err.constData());
    QVERIFY2(!failed.err.contains("micro_batch_size"), failed.err.constData());
}

void GenerateCommandTest::failuresAreOneLine_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("word");
    const QStringList generate{"generate", "--model", kModel, "--prompt", "x"};
    QTest::newRow("plan") << generate + QStringList{"--plan", "p.json"} << 2 << "not there yet";
    QTest::newRow("tensor") << generate + QStringList{"--tensor", "2"} << 2 << "not there yet";
    QTest::newRow("device") << generate + QStringList{"--device", "gpu"} << 2 << "cpu";
    QTest::newRow("head") << generate + QStringList{"--head", "fp4"} << 2 << "stored or fp8";
    QTest::newRow("mask") << generate + QStringList{"--mask-expert", "1"} << 2 << "LAYER:EXPERT";
    QTest::newRow("layer") << generate + QStringList{"--mask-expert", "9:0"} << 2 << "9:0";
    QTest::newRow("context") << generate + QStringList{"--context", "999"} << 2 << "256";
    QTest::newRow("no prompt") << QStringList{"generate", "--model", kModel} << 2 << "--messages";
    QTest::newRow("no model") << QStringList{"generate", "--model", "nowhere", "--prompt", "x"} << 1
                              << "nowhere";
    QTest::newRow("token") << QStringList{"logits", "--model", kModel, "--tokens", "512", "--out",
        "x"} << 1 << "outside the vocabulary";
    QTest::newRow("empty") << QStringList{"generate", "--model", kModel, "--prompt", ""} << 2
                           << "no tokens";
}

void GenerateCommandTest::failuresAreOneLine()
{
    QFETCH(QStringList, arguments);
    const Outcome failed = run(arguments + QStringList{"--json", "--quiet"});
    QTEST(failed.status, "status");
    QFETCH(QString, word);
    QVERIFY(failed.out.isEmpty());
    QVERIFY2(failed.err.startsWith("moe: error: "), failed.err.constData());
    QCOMPARE(failed.err.count('\n'), 1);
    QVERIFY2(failed.err.contains(word.toUtf8()), failed.err.constData());
}

QTEST_GUILESS_MAIN(GenerateCommandTest)
#include "generate_command_test.moc"
