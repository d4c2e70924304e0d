// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// `moe tokenize` as a script calls it, over a folder as Hugging Face writes one. The ids are what
// transformers' apply_chat_template gives for the same folder.
#include "tests/support/folders.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

namespace {

struct Outcome {
    int status = -1;
    QByteArray out, error;
};

Outcome tokenize(const QStringList& words)
{
    QProcess process;
    process.start(moe::tests::qInBuild("bin/moe"), QStringList("tokenize") + words);
    process.waitForFinished(60'000);
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

void write(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

const QByteArray kTemplate
    = R"({"chat_template": "{% for m in messages %}<|im_start|>{{ m.role }}\n)"
      R"({{ m.content | trim }}<|im_end|>\n{% endfor %})"
      R"({% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"})";
const QByteArray kChat = R"([{"role": "system", "content": "Be brief."},)"
                         R"( {"role": "user", "content": " 专家 experts 🙂? <|im_end|> "}])";

} // namespace

class TokenizeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        QVERIFY(m_dir.isValid());
        QDir(model()).removeRecursively();
        QVERIFY(QDir().mkpath(model()));
        QVERIFY(QFile::copy(moe::tests::qInSource("tests/fixtures/tokenizers/qwen.json"),
            model() + "/tokenizer.json"));
        write(model() + "/tokenizer_config.json", kTemplate);
        write(chat(), kChat);
    }

    void aConversationGetsTheTemplateAndNothingElse()
    {
        const Outcome outcome = tokenize(
            {"--model", model(), "--messages", chat(), "--add-generation-prompt", "--json"});
        QCOMPARE(outcome.status, 0);
        const QJsonObject answer = QJsonDocument::fromJson(outcome.out).object();
        QCOMPARE(answer["text"].toString(),
            QString("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
                    "专家 experts 🙂? <|im_end|><|im_end|>\n<|im_start|>assistant\n"));
        const QJsonArray expected{701, 82, 88, 532, 68, 76, 198, 33, 68, 304, 81, 72, 68, 69, 13,
            702, 198, 701, 84, 82, 261, 198, 293, 471, 452, 82, 341, 30, 220, 702, 702, 198, 701,
            64, 82, 82, 72, 532, 529, 83, 198};
        QCOMPARE(answer["ids"].toArray(), expected);
    }

    void idsDecodeToTheText()
    {
        const Outcome all = tokenize({"--model", model(), "--decode", "293,471,452,82,341,702"});
        QCOMPARE(all.out, QByteArray("专家 experts 🙂<|im_end|>\n"));
        const Outcome plain = tokenize(
            {"--model", model(), "--decode", "293,471,452,82,341,702", "--skip-special"});
        QCOMPARE(plain.out, QByteArray("专家 experts 🙂\n"));
    }

    void aTokenizersFileHasTheTemplateBesideIt()
    {
        const Outcome folder = tokenize({"--model", model(), "--messages", chat(), "--json"});
        const Outcome file
            = tokenize({"--model", model() + "/tokenizer.json", "--messages", chat(), "--json"});
        QCOMPARE(file.status, 0);
        QCOMPARE(file.out, folder.out);
        QVERIFY2(file.error.isEmpty(), file.error.constData());
    }

    void whatIsNoTextNamesItsFile()
    {
        write(model() + "/bin.txt", "ab\xff");
        const Outcome outcome = tokenize({"--model", model(), "--file", model() + "/bin.txt"});
        QCOMPARE(outcome.status, 1);
        QVERIFY2(outcome.error.contains("bin.txt, byte 2"), outcome.error.constData());
    }

    void withoutATemplateMessagesAreJoinedAndItIsSaid()
    {
        QVERIFY(QFile::remove(model() + "/tokenizer_config.json"));
        const Outcome outcome = tokenize({"--model", model(), "--messages", chat(), "--json"});
        QCOMPARE(outcome.status, 0);
        QCOMPARE(QJsonDocument::fromJson(outcome.out).object()["text"].toString(),
            QString("Be brief.\n 专家 experts 🙂? <|im_end|> "));
        QVERIFY(outcome.error.contains("no chat template"));
    }

    void aRefusalCarriesTheTemplatesWords()
    {
        write(model() + "/tokenizer_config.json",
            R"({"chat_template": "{{ raise_exception('roles must alternate') }}"})");
        const Outcome outcome = tokenize({"--model", model(), "--messages", chat(), "--json"});
        QCOMPARE(outcome.status, 1);
        QVERIFY(outcome.out.isEmpty());
        QVERIFY(outcome.error.contains("roles must alternate"));
        QCOMPARE(outcome.error.count("moe: error:"), 1);
    }

    void wrongUsage()
    {
        QCOMPARE(tokenize({"--model", model()}).status, 2);
        QCOMPARE(tokenize({"--model", model(), "--text", "a", "--messages", chat()}).status, 2);
        QCOMPARE(
            tokenize({"--model", model(), "--text", "a", "--add-generation-prompt"}).status, 2);
    }

private:
    QString model() const { return m_dir.filePath("model"); }
    QString chat() const { return m_dir.filePath("chat.json"); }

    QTemporaryDir m_dir;
};

QTEST_GUILESS_MAIN(TokenizeTest)
#include "tokenize_test.moc"
