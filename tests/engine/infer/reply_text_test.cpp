// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/reply_text.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <array>
#include <numeric>
#include <random>

using namespace moe;
using infer::ReplyText;

namespace {

/// Token i is the i-th of some byte strings.
class Pieces final : public text::Tokenizer {
public:
    explicit Pieces(std::vector<std::string> pieces)
        : m_pieces(std::move(pieces))
    {
    }
    using Tokenizer::decode;
    int64_t vocabSize() const override { return std::ssize(m_pieces); }
    std::vector<int32_t> encode(std::string_view) const override { return {}; }
    std::string decode(const std::vector<int32_t>& ids, bool) const override
    {
        std::string all;
        for (const int32_t id : ids)
            all += bytesOf(id, false);
        return all;
    }
    std::string bytesOf(int32_t id, bool first) const override
    {
        const std::string& piece = m_pieces[static_cast<size_t>(id)];
        return first && piece.starts_with(' ') ? piece.substr(1) : piece;
    }
    bool isSpecial(int32_t) const override { return false; }
    std::optional<int32_t> idOf(std::string_view) const override { return std::nullopt; }
    std::optional<int32_t> endOfSequence() const override { return std::nullopt; }

private:
    std::vector<std::string> m_pieces;
};

struct Shown {
    std::vector<std::string> texts;
    std::vector<int64_t> tokens;
    bool stopped = false;
    std::string all() const
    {
        std::string joined;
        for (const std::string& text : texts)
            joined += text;
        return joined;
    }
};

/// `before`: so many of the pieces are what the reply goes on from.
Shown show(const std::vector<std::string>& pieces, const std::vector<std::string>& stop,
    int32_t before = 0)
{
    const Pieces tokenizer(pieces);
    std::vector<int32_t> known(static_cast<size_t>(before));
    std::iota(known.begin(), known.end(), 0);
    ReplyText reply(tokenizer, stop, known);
    Shown shown;
    const auto add = [&](const ReplyText::Part& part) {
        shown.texts.push_back(part.text);
        shown.tokens.push_back(part.tokens);
        shown.stopped |= part.stopped;
    };
    for (int32_t id = before; id < tokenizer.vocabSize() && !shown.stopped; ++id)
        add(reply.push(id));
    add(reply.finish());
    return shown;
}

} // namespace

class ReplyTextTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void withoutStopStringsTextComesAtOnce()
    {
        const Shown shown = show({"a", "bc", ""}, {});
        QCOMPARE(shown.texts, (std::vector<std::string>{"a", "bc", "", ""}));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{1, 1, 1, 0}));
    }

    void charactersWaitForTheirBytes()
    {
        const Shown shown = show({"x\xE4", "\xBD", "\xA0y", "\xE4"}, {});
        QCOMPARE(shown.texts, (std::vector<std::string>{"x", "", "你y", "", "\uFFFD"}));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{0, 0, 3, 0, 1}));
    }

    /// What it goes on from is not said again, but for the character that it was cut off in.
    void goesOnBehindOtherTokens()
    {
        Shown shown = show({"x\xE4", "\xBD", "\xA0y", "z"}, {}, 2);
        QCOMPARE(shown.texts, (std::vector<std::string>{"你y", "z", ""}));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{1, 1, 0}));
        shown = show({"x\xE4"}, {}, 1); // nothing came
        QCOMPARE(shown.texts, (std::vector<std::string>{"\uFFFD"}));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{0}));
        shown = show({"ab", "ST", "OP"}, {"STOP"}, 2); // a stop string does not span the two
        QCOMPARE(shown.all(), std::string("OP"));
        // a space stays behind other tokens alone
        QCOMPARE(show({" a", " b"}, {}).all(), std::string("a b"));
        QCOMPARE(show({" a", " b"}, {}, 1).all(), std::string(" b"));
    }

    void whatMayBecomeAStopStringIsHeldBack()
    {
        const Shown shown = show({"a<", "/s", "b", "</", "s>", "never"}, {"</s>"});
        QCOMPARE(shown.texts, (std::vector<std::string>{"a", "", "</sb", "", "", ""}));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{0, 0, 3, 0, 0, 0}));
        QVERIFY(shown.stopped);
    }

    void tokensThatBeginBeforeTheStopStringCount()
    {
        const Shown shown = show({"ab", "cSTO", "P"}, {"STOP"});
        QCOMPARE(shown.all(), std::string("abc"));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{1, 0, 1, 0}));
        // One token holds it all; another stop string begins later.
        QCOMPARE(show({"xSTOPy"}, {"Py", "STOP"}).all(), std::string("x"));
        QCOMPARE(show({"STOP"}, {"STOP"}).tokens, (std::vector<int64_t>{0, 0}));
    }

    void heldBackTextComesAtTheEnd()
    {
        const Shown shown = show({"ab", "ST"}, {"STOP"});
        QCOMPARE(shown.texts, (std::vector<std::string>{"ab", "", "ST"}));
        QCOMPARE(shown.tokens, (std::vector<int64_t>{1, 0, 1}));
        QVERIFY(!shown.stopped);
    }

    void nothingFollowsAStopString()
    {
        const Shown shown = show({"a", "STOP\xE4"}, {"STOP"});
        QCOMPARE(shown.all(), std::string("a"));
    }

    /// However a text is cut into tokens, what is shown ends before the first stop string.
    void randomCuts()
    {
        const uint64_t seed = tests::testSeed();
        qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(seed));
        std::mt19937_64 random(seed);
        for (int round = 0; round < 2000; ++round) {
            const auto word = [&](size_t length) {
                std::string text;
                for (size_t i = 0; i < length; ++i)
                    text += std::array{"a", "b", "你"}[random() % 3];
                return text;
            };
            const std::string text = word(1 + random() % 30), stop = word(1 + random() % 4);
            std::vector<std::string> pieces;
            for (size_t at = 0; at < text.size();) {
                const size_t length = 1 + random() % 5;
                pieces.push_back(text.substr(at, length));
                at += length;
            }
            const Shown shown = show(pieces, {stop});
            QCOMPARE(shown.all(), text.substr(0, text.find(stop)));
            QCOMPARE(shown.stopped, text.find(stop) != std::string::npos);
            if (!shown.stopped)
                QCOMPARE(std::accumulate(shown.tokens.begin(), shown.tokens.end(), int64_t{0}),
                    std::ssize(pieces));
        }
    }
};

QTEST_GUILESS_MAIN(ReplyTextTest)
#include "reply_text_test.moc"
