// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/text/corpus.h"
#include "engine/text/corpus_sources.h"
#include "engine/text/indexed_dataset.h"
#include "kernels/error.h"
#include "tests/support/folders.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <random>
#include <sys/stat.h>

using namespace moe;
namespace fs = std::filesystem;

namespace {

/// Words of a small vocabulary, so that merges are found.
std::string prose(base::Random& random, size_t bytes)
{
    static const std::vector<std::string> words
        = {"expert ", "router ", "gate  ", "token\n", "\tif (x > 0) {\r\n", "专家", "路由", "the ",
            "capacity ", "dropped. ", "42 ", "Ünïcödé ", "🙂 ", "\xE2\x96\x81 "};
    std::string text;
    while (text.size() < bytes)
        text += words[random.below(words.size())];
    return text;
}

std::string messageOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

} // namespace

class CorpusTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void tokenizerIsLossless();
    void longTextsEncodeAsInOnePiece();
    void documentsComeInByteOrderWithEos();
    void jsonlIsOneDocumentALine();
    void invalidUtf8NamesFileAndOffset();
    void halfCharactersAreInvalidText();
    void nothingLeftIsAnError();
    void pipesAreRefusedOrLeftOut();
    void givenTokenizerIsCopied();
    void tokenizerJsonIsTaken();
    void failureLeavesNoDataset();
    void tokensNeverStandBesideAnotherTokenizer();
    void oneWriterAPrefix();
    void demoCorpusHasDomains();

private:
    void write(const std::string& name, const std::string& text)
    {
        fs::create_directories((m_path / name).parent_path());
        base::writeFileAtomically(m_path / name, text);
    }
    std::string decodeAll(const fs::path& prefix);

    base::Random m_random{0};
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_path;
};

void CorpusTest::initTestCase()
{
    const auto seed = std::random_device{}();
    qInfo() << "seed" << seed;
    m_random = base::Random(seed);
}

void CorpusTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = m_folder->path().toStdString();
}

std::string CorpusTest::decodeAll(const fs::path& prefix)
{
    const text::IndexedDataset dataset(prefix);
    std::vector<int32_t> ids(static_cast<size_t>(dataset.tokens()));
    dataset.read(0, dataset.tokens(), ids.data());
    return text::loadTokenizer(prefix)->decode(ids);
}

void CorpusTest::tokenizerIsLossless()
{
    write("a.txt", prose(m_random, 30000));
    text::CorpusOptions options;
    options.sources = {m_path / "a.txt"};
    options.out = m_path / "out";
    options.vocabSize = 400;
    const text::CorpusResult result = text::buildCorpus(options);
    QVERIFY(result.vocabSize > 259 && result.vocabSize <= 400);
    const auto tokenizer = text::loadTokenizer(result.tokenizerFile);
    const std::string nul("a\0b", 3);
    for (const std::string& hard :
        std::vector<std::string>{"", " ", "  leading", "trailing  ", "\n\n\t\r\n", nul, "▁",
            " ▁▁ a▁b", "⁇", "▅", "中文,没有空格", "e\xCC\x81", "👩‍👩‍👧", "\xEF\xBF\xBD",
            "<s></s><unk>", "<0x41>", prose(m_random, 5000)}) {
        const std::vector<int32_t> ids = tokenizer->encode(hard);
        QVERIFY2(tokenizer->decode(ids) == hard, hard.c_str());
        for (const int32_t id : ids)
            QVERIFY(id >= 0 && id < result.vocabSize);
    }
    QVERIFY_THROWS_EXCEPTION(Error, tokenizer->decode({static_cast<int32_t>(result.vocabSize)}));
    QVERIFY_THROWS_EXCEPTION(Error, tokenizer->decode({-1}));
}

void CorpusTest::longTextsEncodeAsInOnePiece()
{
    const std::string text = prose(m_random, 400000);
    write("a.txt", text);
    text::CorpusOptions options;
    options.sources = {m_path / "a.txt"};
    options.out = m_path / "out";
    options.vocabSize = 350;
    text::buildCorpus(options);
    const auto tokenizer = text::loadTokenizer(m_path / "out");
    // Pieces encoded apart, cut before a space that follows a word, must join to what one call
    // gives.
    std::vector<int32_t> joined;
    size_t first = 0;
    while (first < text.size()) {
        size_t cut = text.find(' ', first + 1000);
        while (cut != std::string::npos && text[cut - 1] == ' ')
            cut = text.find(' ', cut + 1);
        const auto piece = tokenizer->encode(
            std::string_view(text).substr(first, cut == std::string::npos ? cut : cut - first));
        joined.insert(joined.end(), piece.begin(), piece.end());
        first = std::min(cut, text.size());
    }
    QCOMPARE(tokenizer->encode(text), joined);
}

void CorpusTest::documentsComeInByteOrderWithEos()
{
    write("d/b.txt", "second");
    write("d/B.txt", "first");
    write("d/c/a.txt", "third");
    write("d/empty.txt", "");
    fs::create_symlink(m_path / "d/b.txt", m_path / "d/zz.txt");
    text::CorpusOptions options;
    options.sources = {m_path / "d"};
    options.out = m_path / "out";
    options.vocabSize = 280;
    const text::CorpusResult result = text::buildCorpus(options);
    QCOMPARE(result.documents, 3);
    QCOMPARE(result.skippedEmpty, 1);
    const text::IndexedDataset dataset(options.out);
    std::vector<int32_t> ids(static_cast<size_t>(dataset.tokens()));
    dataset.read(0, dataset.tokens(), ids.data());
    const auto tokenizer = text::loadTokenizer(options.out);
    const int32_t eos = tokenizer->endOfSequence().value();
    QCOMPARE(std::count(ids.begin(), ids.end(), eos), 3);
    QCOMPARE(ids.back(), eos);
    std::erase(ids, eos);
    QCOMPARE(tokenizer->decode(ids), std::string("firstsecondthird"));

    options.appendEos = false;
    options.out = m_path / "bare";
    text::buildCorpus(options);
    QCOMPARE(decodeAll(options.out), std::string("firstsecondthird"));
}

void CorpusTest::jsonlIsOneDocumentALine()
{
    write("a.jsonl", "{\"text\": \"one\\n\"}\n\n{\"other\": 1, \"text\": \"\\u4e13\\u5bb6\"}\n");
    text::CorpusOptions options;
    options.sources = {m_path};
    options.out = m_path / "out/x";
    options.vocabSize = 280;
    options.appendEos = false;
    QCOMPARE(text::buildCorpus(options).documents, 2);
    QCOMPARE(decodeAll(options.out), std::string("one\n专家"));

    options.jsonlKey = "other";
    const std::string message = messageOf([&] { text::buildCorpus(options); });
    QVERIFY2(message.find("a.jsonl line 1: other") != std::string::npos, message.c_str());
    write("a.jsonl", "{\"text\": 1}\n");
    options.jsonlKey = "text";
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("line 1") != std::string::npos);
    write("a.jsonl", "{\"text\": \"ok\"}\n{\"text\": \n");
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("line 2") != std::string::npos);
}

void CorpusTest::invalidUtf8NamesFileAndOffset()
{
    write("d/good.txt", "good text, again and again");
    write("d/bad.txt", "abc\xFFxyz");
    text::CorpusOptions options;
    options.sources = {m_path / "d"};
    options.out = m_path / "out";
    options.vocabSize = 270;
    const std::string message = messageOf([&] { text::buildCorpus(options); });
    QVERIFY2(message.find("bad.txt at byte 3") != std::string::npos, message.c_str());
    options.skipInvalid = true;
    const text::CorpusResult result = text::buildCorpus(options);
    QCOMPARE(result.skippedInvalid, 1);
    QCOMPARE(result.documents, 1);
}

/// Escapes of lone surrogates: half of a character that no text in UTF-8 can hold.
void CorpusTest::halfCharactersAreInvalidText()
{
    write("d/good.txt", "good text, again and again");
    text::CorpusOptions options;
    options.sources = {m_path / "d"};
    options.out = m_path / "out";
    options.vocabSize = 270;
    for (const char* half : {R"(\ud83d)", R"(\uDE42)", R"(\ud83d\u0041)", R"(\\\ud83d\n)",
             R"(\ud83d\ude42\ud83d)", R"(\ud83d\ud83d\ude42)"}) {
        options.skipInvalid = false;
        write("d/bad.jsonl", "{\"text\": \"good\"}\n{\"text\": \"" + std::string(half) + "\"}\n");
        const std::string message = messageOf([&] { text::buildCorpus(options); });
        QVERIFY2(message.find("half a character (\\u") == 0
                && message.find("bad.jsonl line 2 at byte") != std::string::npos,
            message.c_str());
        options.skipInvalid = true;
        QCOMPARE(text::buildCorpus(options).skippedInvalid, 1);
    }
    // Whole ones, and what only looks like an escape.
    write("d/bad.jsonl", R"({"text": "\ud83d\ude42 \\ud83d \\\ud83d\uDE42"})");
    options.skipInvalid = false;
    options.appendEos = false;
    QCOMPARE(text::buildCorpus(options).documents, 2);
    QVERIFY(decodeAll(options.out).starts_with("🙂 \\ud83d \\🙂"));
}

void CorpusTest::nothingLeftIsAnError()
{
    write("d/empty.txt", "");
    text::CorpusOptions options;
    options.sources = {m_path / "d"};
    options.out = m_path / "out";
    QVERIFY(
        messageOf([&] { text::buildCorpus(options); }).find("nothing left") != std::string::npos);
    options.sources = {m_path / "missing"};
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("missing") != std::string::npos);
    write("d/a.txt", "text");
    options.sources = {m_path / "d"};
    options.vocabSize = 100;
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("100") != std::string::npos);
}

/// Nobody writes into them: whoever opens one waits for ever.
void CorpusTest::pipesAreRefusedOrLeftOut()
{
    write("d/a.txt", prose(m_random, 2000));
    QCOMPARE(::mkfifo((m_path / "d" / "pipe.txt").c_str(), 0600), 0);
    text::CorpusOptions options;
    options.sources = {m_path / "d" / "pipe.txt"};
    options.out = m_path / "out";
    options.vocabSize = 300;
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("a pipe cannot be read twice")
        != std::string::npos);
    options.sources = {"/dev/null"};
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("a device is no text")
        != std::string::npos);
    options.sources = {m_path / "d"};
    text::buildCorpus(options);
    QCOMPARE(decodeAll(options.out), base::readFile(m_path / "d" / "a.txt"));
}

void CorpusTest::givenTokenizerIsCopied()
{
    write("a.txt", prose(m_random, 5000));
    text::CorpusOptions options;
    options.sources = {m_path / "a.txt"};
    options.out = m_path / "one";
    options.vocabSize = 300;
    text::buildCorpus(options);
    options.tokenizer = m_path / "one.tokenizer.model";
    options.out = m_path / "two";
    text::buildCorpus(options);
    QCOMPARE(base::readFile(m_path / "two.tokenizer.model"),
        base::readFile(m_path / "one.tokenizer.model"));
    QCOMPARE(base::readFile(m_path / "two.bin"), base::readFile(m_path / "one.bin"));
    // What ends a document travels with the dataset's tokenizer.
    write("given/tokenizer_config.json", R"({"eos_token": "<s>"})");
    fs::copy_file(m_path / "one.tokenizer.model", m_path / "given/tokenizer.model");
    options.tokenizer = m_path / "given";
    options.out = m_path / "three";
    text::buildCorpus(options);
    QCOMPARE(text::loadTokenizer(m_path / "three")->endOfSequence(), std::optional<int32_t>(1));
    QCOMPARE(text::loadTokenizer(m_path / "two")->endOfSequence(), std::optional<int32_t>(2));
    options.out = m_path / "";
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("PREFIX") != std::string::npos);
    options.out = m_path / "two";
    write("junk.model", "this is no model");
    options.tokenizer = m_path / "junk.model";
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("junk.model") != std::string::npos);
}

void CorpusTest::tokenizerJsonIsTaken()
{
    const std::string text = prose(m_random, 20000) + "<|im_end|>";
    write("a.txt", text);
    text::CorpusOptions options;
    options.sources = {m_path / "a.txt"};
    options.out = m_path / "set";
    options.vocabSize = 300;
    text::buildCorpus(options); // leaves a SentencePiece model, which must give way
    fs::create_directories(m_path / "given");
    fs::copy_file(fs::path(tests::inSource("tests/fixtures/tokenizers/llama3.json")),
        m_path / "given/tokenizer.json");
    write("given/tokenizer_config.json", R"({"eos_token": "<|eot_id|>"})");
    options.tokenizer = m_path / "given";
    const text::CorpusResult result = text::buildCorpus(options);
    QCOMPARE(result.tokenizerFile, fs::path((m_path / "set.tokenizer.json").string()));
    QVERIFY(!fs::exists(m_path / "set.tokenizer.model"));
    QCOMPARE(decodeAll(m_path / "set"), text + "<|eot_id|>");
    QCOMPARE(text::loadTokenizer(m_path / "set")->vocabSize(), result.vocabSize);
    write("ranks.tiktoken", "YQ== 0");
    options.tokenizer = m_path / "ranks.tiktoken";
    QVERIFY(messageOf([&] { text::buildCorpus(options); }).find("tiktoken") != std::string::npos);
}

void CorpusTest::failureLeavesNoDataset()
{
    write("d/a.txt", prose(m_random, 2000));
    text::CorpusOptions options;
    options.sources = {m_path / "d"};
    options.out = m_path / "out";
    options.vocabSize = 300;
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, text::buildCorpus(options, stop.get_token()));
    for (const char* suffix :
        {".bin", ".idx", ".bin.partial", ".tokenizer.model", ".tokenizer.model.partial"})
        QVERIFY(!fs::exists(options.out.string() + suffix));

    // An older dataset of the prefix keeps the tokenizer that made it.
    text::buildCorpus(options);
    const std::string before = base::readFile(options.out.string() + ".tokenizer.model");
    write("d/b.txt", prose(m_random, 20000));
    std::stop_source late;
    options.progress = [&](int64_t, int64_t) {
        late.request_stop();
    };
    QVERIFY_THROWS_EXCEPTION(Cancelled, text::buildCorpus(options, late.get_token()));
    QCOMPARE(base::readFile(options.out.string() + ".tokenizer.model"), before);
    QVERIFY(!fs::exists(options.out.string() + ".tokenizer.model.partial"));
}

/// What a killed process leaves: here writing ends where the index is to take its place.
void CorpusTest::tokensNeverStandBesideAnotherTokenizer()
{
    write("d/a.txt", prose(m_random, 20000));
    text::CorpusOptions options;
    options.sources = {m_path / "d"};
    options.out = m_path / "out";
    options.vocabSize = 300;
    text::buildCorpus(options);
    const std::string tokenizer = options.out.string() + ".tokenizer.model";
    const std::string before = base::readFile(tokenizer);
    fs::remove(options.out.string() + ".idx");
    write("out.idx/in the way", "");
    write("d/a.txt", prose(m_random, 30000));
    options.vocabSize = 320;
    QVERIFY_THROWS_EXCEPTION(Error, text::buildCorpus(options));
    fs::remove_all(options.out.string() + ".idx");
    // The tokens are the new ones: so is the tokenizer.
    QVERIFY(base::readFile(tokenizer) != before);
    QVERIFY_THROWS_EXCEPTION(Error, text::IndexedDataset(options.out));
    text::buildCorpus(options);
    QCOMPARE(decodeAll(options.out), base::readFile(m_path / "d/a.txt"));
}

void CorpusTest::oneWriterAPrefix()
{
    const std::string text = prose(m_random, 2000);
    write("one/a.txt", text);
    write("two/a.txt", prose(m_random, 3000));
    text::CorpusOptions first, second;
    first.sources = {m_path / "one"};
    second.sources = {m_path / "two"};
    first.out = second.out = m_path / "same";
    first.vocabSize = second.vocabSize = 300;
    std::string refused;
    first.progress = [&](int64_t, int64_t) {
        refused = messageOf([&] { text::buildCorpus(second); });
    };
    text::buildCorpus(first);
    QVERIFY2(refused.find("being written already") != std::string::npos, refused.c_str());
    QCOMPARE(decodeAll(m_path / "same"), text);
    for (const auto& entry : fs::directory_iterator(m_path))
        QVERIFY2(entry.path().filename().string().find("lock") == std::string::npos,
            entry.path().c_str());
    text::buildCorpus(second); // free again
}

void CorpusTest::demoCorpusHasDomains()
{
    if (!fs::is_directory("/usr/share/doc/linux-doc/html/_sources"))
        QSKIP("linux-doc is not installed");
    int calls = 0;
    const text::DemoCorpus corpus = text::prepareDemoCorpus(
        m_path / "demo", 2048, [&](const std::string&, int64_t, int64_t) { ++calls; }, {});
    QVERIFY(calls > 2);
    QCOMPARE(corpus.probes.size(), size_t{3});
    QCOMPARE(corpus.probes[1].first, std::string("Chinese"));
    const std::string chinese = base::readFile(corpus.probes[1].second);
    QVERIFY(chinese.size() >= 8000);
    const std::string train = decodeAll(corpus.trainPrefix);
    QVERIFY(train.find(chinese.substr(chinese.size() / 2, 300)) == std::string::npos); // held out
    QVERIFY(text::IndexedDataset(corpus.validPrefix).tokens() > 5000);
    const auto written = fs::last_write_time(corpus.trainPrefix.string() + ".bin");
    text::prepareDemoCorpus(m_path / "demo", 2048, [](const std::string&, int64_t, int64_t) {}, {});
    QVERIFY(fs::last_write_time(corpus.trainPrefix.string() + ".bin") == written);
}

QTEST_GUILESS_MAIN(CorpusTest)
#include "corpus_test.moc"
