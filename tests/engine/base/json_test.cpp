// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json.h"
#include "engine/base/json_excess.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <functional>

using namespace moe;
using base::Json;
using base::ObjectReader;
using moe::tests::errorOf;

namespace {

} // namespace

class JsonTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void textParsesAndKeepsItsOrder()
    {
        const Json json = base::parseJson(R"({"b": 1, "a": [1.5, "é", null, true]})", "x");
        QCOMPARE(json.dump(), std::string(R"({"b":1,"a":[1.5,"é",null,true]})"));
    }

    void whatDoesNotParseIsNamedWithItsPlace_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const char* text : {"", " ", "{", "{\"a\"}", "[1,]", "nul", "1 2", "\"open",
                 "{'a': 1}", "\"\\ud800\"", "// c\n1"})
            QTest::newRow(text) << QByteArray(text);
        QTest::newRow("bad UTF-8") << QByteArray("\"\xC3\"");
        QTest::newRow("NUL") << QByteArray("[1\0]", 4);
    }
    void whatDoesNotParseIsNamedWithItsPlace()
    {
        QFETCH(QByteArray, text);
        const std::string line = errorOf([&] { base::parseJson(text.toStdString(), "run.json"); });
        QVERIFY2(line.find("run.json") != std::string::npos, line.c_str());
        QVERIFY2(line.find("byte") != std::string::npos, line.c_str());
    }

    void hugeNumbersAreRefused()
    {
        const std::string line = errorOf([] { base::parseJson("[1e999]", "run.json"); });
        QVERIFY2(line.find("run.json") != std::string::npos, line.c_str());
    }

    void deepNestingIsRefusedNotFollowed()
    {
        const std::string deep(8'000'000, '[');
        QVERIFY(errorOf([&] { base::parseJson(deep, "x"); }).find("nested") != std::string::npos);
        const std::string fine = std::string(200, '[') + std::string(200, ']');
        QVERIFY(errorOf([&] { base::parseJson(fine, "x"); }).empty());
        QVERIFY(errorOf([&] { base::parseJson("\"" + deep + "\\\"[[\"", "x"); }).empty());
    }

    void whatIsTooMuchIsFoundBeforeItIsBuilt()
    {
        using Of = base::JsonExcess::Of;
        const auto excess = [](std::string_view text) {
            return base::excessOf(text, 3, 2);
        };
        QVERIFY(!excess("[{\"a\": 1, \"b\": {\"c\": 2, \"[[\": \"::\"}}, [[], []], {}]"));
        QVERIFY(excess("[[[[]]]]")->of == Of::Levels);
        QCOMPARE(excess("[[[[]]]]")->byte, size_t{3});
        QVERIFY(excess(R"({"a": 1, "b": {}, "c": 2})")->of == Of::Keys);
        QVERIFY(!excess(R"([{"a": 1, "b": 2}, {"a": 1, "b": 2}])"));
        QVERIFY(!excess("[\"\\\"[[[[\"]"));
        QVERIFY(!excess("]}]:::\"\\"));
    }

    void theNearestWordIsNear()
    {
        const std::vector<std::string> words{"train_steps", "seed", "precision"};
        QCOMPARE(base::nearestWord("train_step", words), std::string("train_steps"));
        QCOMPARE(base::nearestWord("sede", words), std::string("seed"));
        QCOMPARE(base::nearestWord("precison", words), std::string("precision"));
        QCOMPARE(base::nearestWord("zzzzzzzz", words), std::string());
        QCOMPARE(base::nearestWord("x", {}), std::string());
        QCOMPARE(base::nearestWord("", words), std::string());
    }

    void valuesAreReadAsTheirTypes()
    {
        const Json json = Json::parse(R"({"i": 7, "whole": 8.0, "f": 0.5, "t": "x", "b": true,
            "n": null, "o": {"deep": {"k": 1}}})");
        ObjectReader reader(json, "f.json");
        QCOMPARE(reader.integer("i", 0, 10), 7);
        QCOMPARE(reader.integer("whole", 0, 10), 8);
        QCOMPARE(reader.integer("absent", 0, 10, 3), 3);
        QCOMPARE(reader.number("f", 0, 1), 0.5);
        QCOMPARE(reader.number("i", 0, 10), 7.0);
        QCOMPARE(reader.number("absent", 0, 1, 0.25), 0.25);
        QCOMPARE(reader.text("t"), std::string("x"));
        QCOMPARE(reader.choice("t", {"x", "y"}, "y"), std::string("x"));
        QCOMPARE(reader.choice("absent", {"x", "y"}, "y"), std::string("y"));
        QVERIFY(reader.boolean("b", false) && !reader.boolean("absent", false));
        QVERIFY(reader.has("i") && !reader.has("n") && !reader.has("absent"));
        QVERIFY(reader.raw("n") != nullptr && reader.raw("absent") == nullptr);
        ObjectReader deep = reader.object("o").object("deep");
        QCOMPARE(deep.at("k"), std::string("f.json: o.deep.k"));
        QCOMPARE(deep.unknown(), (std::vector<std::string>{"k"}));
        deep.know("k");
        deep.finish();
        reader.finish();
    }

    void whatIsWrongIsNamedByItsKey_data()
    {
        QTest::addColumn<QString>("value");
        QTest::addColumn<bool>("integer"); // read as a whole number of 0 to 10, or a number
        QTest::addColumn<QString>("word");
        for (const char* value : {"11", "-1", "1e300", "18446744073709551615", "11.0"})
            QTest::newRow(value) << value << true << "out of range";
        QTest::newRow("1.5") << "1.5" << true << "not a whole number";
        QTest::newRow("text") << "\"7\"" << true << "found text";
        QTest::newRow("null") << "null" << true << "found null";
        QTest::newRow("list") << "[7]" << true << "found a list";
        QTest::newRow("boolean") << "true" << false << "found a boolean";
        QTest::newRow("object") << "{}" << false << "found an object";
        QTest::newRow("number out of range") << "10.5" << false << "from 0 to 10";
    }
    void whatIsWrongIsNamedByItsKey()
    {
        QFETCH(QString, value);
        QFETCH(bool, integer);
        QFETCH(QString, word);
        const Json json{{"inner", {{"k", Json::parse(value.toStdString())}}}};
        ObjectReader root(json, "f.json");
        ObjectReader reader = root.object("inner");
        const std::string line = errorOf(
            [&] { integer ? void(reader.integer("k", 0, 10)) : void(reader.number("k", 0, 10)); });
        QVERIFY2(line.find(word.toStdString()) != std::string::npos, line.c_str());
        QVERIFY2(line.find("f.json: inner.k") != std::string::npos, line.c_str());
    }

    void otherMistakes()
    {
        const Json json = Json::parse(R"({"sed": 1, "t": "linaer", "b": 1})");
        ObjectReader reader(json, "f.json");
        reader.know("seed");
        const auto has = [&](const std::string& line, const char* word) {
            return line.find(word) != std::string::npos;
        };
        QVERIFY(has(errorOf([&] { reader.choice("t", {"linear", "cosine"}, ""); }), "linear?"));
        QVERIFY(has(errorOf([&] { reader.boolean("b", true); }), "f.json: b"));
        QVERIFY(has(errorOf([&] { reader.text("b"); }), "f.json: b"));
        QVERIFY(has(errorOf([&] { reader.text("absent"); }), "missing key"));
        QVERIFY(has(errorOf([&] { reader.object("absent"); }), "missing key"));
        QVERIFY(has(errorOf([&] { reader.object("b"); }), "expected an object"));
        const std::string line = errorOf([&] { reader.finish(); });
        QVERIFY2(has(line, "unknown key") && has(line, "sed") && has(line, "seed?"), line.c_str());
        const Json far{{"zzzzzzzzzzzz", 1}};
        ObjectReader stranger(far, "f.json");
        stranger.know("seed");
        QVERIFY(has(errorOf([&] { stranger.finish(); }), "did you mean seed?"));
        for (const char* text : {"[]", "1", "null"}) {
            const Json other = Json::parse(text);
            QVERIFY(has(errorOf([&] { ObjectReader(other, "f.json"); }), "f.json"));
        }
    }
};

QTEST_GUILESS_MAIN(JsonTest)
#include "json_test.moc"
