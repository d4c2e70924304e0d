// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/text/chat_template.h"
#include "kernels/error.h"

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
        = base::readJsonFile(MOE_SOURCE_DIR "/tests/fixtures/templates/expected.json");
    return kFixtures;
}

/// What a rendering gave, or the error line.
std::pair<bool, std::string> rendered(
    const std::string& source, const Json& chat, const Json& variables)
{
    try {
        return {true, text::ChatTemplate(source).render(chat, variables, fixedNow())};
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

std::string failure(const std::string& source)
{
    const Json chat = {{"messages", Json::array()}, {"tools", nullptr}};
    const auto got = rendered(source, chat, Json::object());
    return got.first ? "no error" : got.second;
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
            const std::string source = base::readFile(MOE_SOURCE_DIR "/tests/fixtures/templates/"
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
        QVERIFY(
            failure(
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
                .find("steps")
            != std::string::npos);
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
        QVERIFY(failure("{{ 9223372036854775807 + 1 }}").find("64 bits") != std::string::npos);
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
