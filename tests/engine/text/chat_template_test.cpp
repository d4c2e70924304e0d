// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/text/chat_template.h"
#include "kernels/error.h"
#include "tests/support/folders.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace moe;
using base::Json;

namespace {

/// 2026-02-03 04:05:06 local time, as the fixtures' script has it.
std::time_t fixedNow()
{
    std::tm parts{};
    parts.tm_year = 126;
    parts.tm_mon = 1;
    parts.tm_mday = 3;
    parts.tm_hour = 4;
    parts.tm_min = 5;
    parts.tm_sec = 6;
    parts.tm_isdst = -1;
    return std::mktime(&parts);
}

const Json& fixtures()
{
    static const Json kFixtures
        = base::readJsonFile(tests::inSource("tests/fixtures/templates/expected.json"));
    return kFixtures;
}

/// What a rendering gave, or the error line. Its time is long, so that a slow machine counts alike.
std::pair<bool, std::string> rendered(const std::string& source, const Json& chat,
    const Json& variables, std::chrono::milliseconds most = std::chrono::minutes(10))
{
    try {
        return {true, text::ChatTemplate(source).render(chat, variables, fixedNow(), most)};
    } catch (const Error& error) {
        return {false, error.what()};
    }
}

bool check(const std::string& name, const Json& expected, const std::pair<bool, std::string>& got)
{
    const bool fine = expected.is_object()
        ? !got.first && got.second.find(expected["error"].get<std::string>()) != std::string::npos
        : got.first && got.second == expected.get<std::string>();
    if (!fine)
        qWarning("%s",
            ("case " + name + "\nexpected " + expected.dump() + "\ngot "
                + (got.first ? "" : "error ") + Json(got.second).dump())
                .c_str());
    return fine;
}

std::string failure(
    const std::string& source, std::chrono::milliseconds most = std::chrono::minutes(10))
{
    const Json chat = {{"messages", Json::array()}, {"tools", nullptr}};
    const auto got = rendered(source, chat, Json::object(), most);
    return got.first ? "no error" : got.second;
}

/// By the count of steps, or on a slow machine by the clock.
bool isStopped(const std::string& source)
{
    const std::string line = failure(source, std::chrono::seconds(3));
    return line.find("steps") != std::string::npos
        || line.find("takes too long") != std::string::npos;
}

} // namespace

class ChatTemplateTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void familiesEqualJinja2()
    {
        const Json& all = fixtures();
        int cases = 0, wrong = 0;
        for (const Json& one : all["families"]) {
            const std::string source = base::readFile(tests::inSource("tests/fixtures/templates/")
                + one["name"].get<std::string>() + ".jinja");
            for (size_t i = 0; i < one["expected"].size(); ++i, ++cases)
                wrong += !check(one["name"].get<std::string>() + " " + std::to_string(i),
                    one["expected"][i],
                    rendered(source, all["chats"][i]["chat"], all["chats"][i]["variables"]));
        }
        QCOMPARE(wrong, 0);
        QVERIFY2(cases >= 200, "too few cases");
    }

    void expressionsEqualJinja2()
    {
        const Json& all = fixtures();
        int wrong = 0;
        for (const Json& one : all["expressions"])
            wrong += !check(one[0].get<std::string>(), one[1],
                rendered(one[0].get<std::string>(), all["chats"][0]["chat"], all["values"]));
        QCOMPARE(wrong, 0);
        QVERIFY(all["expressions"].size() >= 200);
    }

    void endlessTemplatesAreStopped()
    {
        QVERIFY(isStopped(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"));
        QVERIFY(failure("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").find("levels deep")
            != std::string::npos);
        QVERIFY(failure("{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}").find("MiB")
            != std::string::npos);
        QVERIFY(failure("{% set n = namespace(l=[]) %}{% for a in range(9999) %}{% set n.l = n.l + "
                        "['x' * 999999] %}{% endfor %}")
                    .find("MiB")
            != std::string::npos);
        QVERIFY(failure("{% set n = namespace(l=1) %}{% for a in range(9999) %}{% set n.l = [n.l] "
                        "%}{% endfor %}")
                    .find("levels deep")
            != std::string::npos);
        QVERIFY(failure("{{ " + std::string(100000, '(') + std::string(100000, ')') + " }}")
                    .find("levels deep")
            != std::string::npos);
        QVERIFY(failure("{% set n = namespace() %}{% set n.n = n %}{{ n }}").find("holds itself")
            != std::string::npos);
    }

    /// Values that share their parts are small, and take 2^60 steps to walk.
    void sharedPartsAreCounted()
    {
        const std::string lists = "{% set a = namespace(s=[1]) %}{% set b = namespace(s=[1]) %}"
                                  "{% for i in range(60) %}{% set a.s = [a.s, a.s] %}"
                                  "{% set b.s = [b.s, b.s] %}{% endfor %}";
        for (const char* walk : {"a.s == b.s", "a.s != b.s", "a.s < b.s", "a.s in [b.s]",
                 "[a.s, b.s]|sort", "[a.s].index(b.s)", "[a.s]|select('equalto', b.s)|list",
                 "{'x': a.s} == {'x': b.s}", "[[a.s, 1], [b.s, 1]]|groupby(0)"})
            QVERIFY2(isStopped(lists + "{{ " + walk + " }}"), walk);
        const std::string tuples = "{% set a = namespace(s=(1,)) %}{% for i in range(60) %}"
                                   "{% set a.s = (a.s, a.s) %}{% endfor %}";
        for (const char* walk : {"a.s in {}", "{a.s: 1}", "[a.s]|unique|list", "{}.get(a.s)"})
            QVERIFY2(isStopped(tuples + "{{ " + walk + " }}"), walk);
        for (const char* print : {"a.s", "a.s|tojson", "a.s|string", "'%s' % (a.s,)"})
            QVERIFY2(failure(lists + "{{ " + print + " }}") != "no error", print);
    }

    /// One operation on long texts takes a time that grows with their sizes' sum, and is charged.
    void longTextsAreCharged()
    {
        const std::string texts
            = "{% set s = 'a' * 8000000 %}{% set t = 'a' * 4000000 ~ 'b' %}{% set u = 'b' ~ 'a' * "
              "4000000 %}";
        for (const char* search : {"t in s", "s.find(t)", "s.rfind(u)", "s.count(t)",
                 "s.split(t)|length", "s.rsplit(u)|length", "s.partition(t)|length",
                 "s.rpartition(u)|length", "s.replace(t, '')|length", "s|replace(t, '')|length"})
            QVERIFY2(failure(texts + "{{ " + search + " }}") == "no error", search);
        QVERIFY(
            isStopped("{% set s = 'a' * 8000000 %}{% for i in range(10000) %}{% set t = s[::-1] "
                      "%}{% endfor %}"));
        QVERIFY(failure("{% set s = ' ' * 9000000 %}{{ [[[[1]]]]|tojson(indent=s)|length }}")
                    .find("MiB")
            != std::string::npos);
        QVERIFY(failure("{{ ([1] * 16000000)|length }}").find("memory") != std::string::npos);
    }

    void slowTemplatesAreStopped()
    {
        const Json chat = {{"messages", Json::array()}, {"tools", nullptr}};
        const text::ChatTemplate longest("{% for i in range(90000) %}{{ i }}{% endfor %}");
        longest.render(chat, Json::object(), fixedNow());
        try {
            longest.render(chat, Json::object(), fixedNow(), std::chrono::milliseconds(1));
            QFAIL("the template ran to its end");
        } catch (const Error& error) {
            QVERIFY2(std::string(error.what()).find("takes too long") != std::string::npos,
                error.what());
        }
    }

    void searchesEqualPythons()
    {
        const Json chat = {{"messages", Json::array()}, {"tools", nullptr}};
        const auto shown = [&](const std::string& expression) {
            return rendered("{{ " + expression + " }}", chat, Json::object()).second;
        };
        QCOMPARE(shown("'aaa'.rsplit('aa')"), std::string("['a', '']"));
        QCOMPARE(shown("'aaa'.split('aa')"), std::string("['', 'a']"));
        QCOMPARE(shown("'1ü2ü3ü4'.rsplit('ü', 2)"), std::string("['1ü2', '3', '4']"));
        QCOMPARE(shown("'abab'.rfind('ab')"), std::string("2"));
        QCOMPARE(shown("'abab'.rfind('')"), std::string("4"));
        QCOMPARE(shown("''.find('') ~ ''.rfind('') ~ ''.count('a') ~ ('' in '')"),
            std::string("000True"));
        QCOMPARE(shown("'aüa'.rpartition('ü')"), std::string("('a', 'ü', 'a')"));
        QCOMPARE(shown("'aaaa'.replace('aa', 'b', 1)"), std::string("baa"));
    }

    void errorsNameTheLineAndTheWords()
    {
        QCOMPARE(failure("a\n{{ raise_exception('Only\nuser roles') }}"),
            std::string("the chat template refuses: Only user roles: chat template, line 2: send "
                        "what the template takes"));
        QVERIFY(failure("a\nb\n{% for x %}").find("line 3") != std::string::npos);
        QVERIFY(
            failure("{% include 'x' %}").find("\"include\" is not supported") != std::string::npos);
        QVERIFY(failure("{{ 'a'|escape }}").find("escape is not supported") != std::string::npos);
        QVERIFY(failure("{% for x in [] recursive %}{% endfor %}").find("recursive")
            != std::string::npos);
        for (const char* wide : {"9223372036854775807 + 1", "9223372036854775807|round(-1)",
                 "range(1, 0, -4294967296)[::4294967296]|list", "'%d' % 9.25e18"}) {
            const std::string said = failure(std::string("{{ ") + wide + " }}");
            QVERIFY2(said.find("64 bits") != std::string::npos, said.c_str());
        }
        QVERIFY(failure("{{ [].append(1) }}").find("append") != std::string::npos);
    }

    void chatsAreChecked()
    {
        for (const char* bad : {"3", "[]", "[3]", "[{\"content\": \"x\"}]", "[{\"role\": 3}]",
                 "{\"tools\": []}", "[{\"role\": \"user\", \"content\": 3}]",
                 "[{\"role\": \"user\", \"content\": [{\"text\": \"x\"}]}]",
                 "{\"messages\": [{\"role\": \"user\"}], \"tools\": 3}"})
            QVERIFY_THROWS_EXCEPTION(Error, text::checkedChat(Json::parse(bad), "chat"));
        const Json parts = text::checkedChat(
            Json::parse(
                R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":"c"}])"),
            "chat");
        QVERIFY(parts["tools"].is_null());
        QCOMPARE(text::ChatFormat().prompt(parts, false), std::string("ab\nc"));
    }
};

QTEST_GUILESS_MAIN(ChatTemplateTest)
#include "chat_template_test.moc"
