// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/json.h"

#include "engine/base/files.h"
#include "engine/base/json_excess.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

namespace moe::base {

namespace {

/// nlohmann's parser recurses on destruction and printing.
constexpr size_t kDeepestNesting = 200;

std::string typeOf(const Json& value)
{
    if (value.is_string())
        return "text";
    if (value.is_boolean())
        return "a boolean";
    if (value.is_number())
        return "a number";
    if (value.is_array())
        return "a list";
    if (value.is_object())
        return "an object";
    return "null";
}

/// Characters to insert, remove or replace to make one word of the other.
size_t editsBetween(std::string_view a, std::string_view b)
{
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j < row.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j < row.size(); ++j) {
            const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row.back();
}

std::string numberText(double value)
{
    std::string text = Json(value).dump();
    if (text.size() > 2 && text.ends_with(".0"))
        text.resize(text.size() - 2);
    return text;
}

/// True for text that means a number which no double holds: "1e400", "NaN", "-inf".
bool isNumberOutOfRange(const Json& value)
{
    if (!value.is_string())
        return false;
    const auto& text = value.get_ref<const std::string&>();
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    return !text.empty() && end == text.c_str() + text.size() && !std::isfinite(number);
}

[[noreturn]] void refuseType(const Json& value, const std::string& at, const std::string& range)
{
    throw Error(isNumberOutOfRange(value) ? "a number out of range"
                                          : "expected a number, found " + typeOf(value),
        at, range);
}

/// Notes the dotted place of the first key that stands twice in one object.
struct RepeatedKeys : nlohmann::json_sax<Json> {
    struct Level {
        bool object;
        std::set<std::string> keys;
        std::string now; ///< the key that is being read
    };
    std::vector<Level> levels;
    std::string found;

    bool open(bool object)
    {
        levels.push_back({object, {}, ""});
        return true;
    }
    bool close()
    {
        levels.pop_back();
        return true;
    }
    std::string place() const
    {
        std::string dotted;
        for (const Level& level : levels) {
            if (level.object)
                dotted += (dotted.empty() ? "" : ".") + level.now;
        }
        return dotted;
    }

    bool key(string_t& name) override
    {
        levels.back().now = name;
        if (!levels.back().keys.insert(name).second)
            found = place();
        return found.empty();
    }
    bool start_object(std::size_t) override { return open(true); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(false); }
    bool end_array() override { return close(); }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override
    {
        return false;
    }
};

} // namespace

Json parseHandwrittenJson(std::string_view text, const std::string& where)
{
    Json json = parseJson(text, where);
    RepeatedKeys repeated;
    Json::sax_parse(text, &repeated);
    if (!repeated.found.empty())
        throw Error("this key stands twice", where + ": " + repeated.found.substr(0, 200),
            "keep one of the two");
    return json;
}

Json parseJson(std::string_view text, const std::string& where)
{
    if (const auto excess = excessOf(text, kDeepestNesting, SIZE_MAX))
        throw Error("JSON is nested too deeply", where,
            "at most 200 levels, the limit is passed at byte " + std::to_string(excess->byte));
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        throw Error(
            "not valid JSON", where, "mend what stands near byte " + std::to_string(error.byte));
    } catch (const Json::out_of_range&) {
        throw Error("a number is too large", where, "numbers reach to 1.8e308");
    }
}

Json readJsonFile(const std::filesystem::path& path)
{
    return parseJson(readFile(path, INT64_C(256) << 20), path.string());
}

double wordDistance(std::string_view a, std::string_view b)
{
    const size_t longer = std::max<size_t>({a.size(), b.size(), 1});
    return static_cast<double>(editsBetween(a, b)) / static_cast<double>(longer);
}

std::string nearestWord(std::string_view word, const std::vector<std::string>& candidates)
{
    std::string best;
    size_t fewest = std::max<size_t>(2, word.size() / 2) + 1;
    for (const std::string& candidate : candidates) {
        const size_t edits = editsBetween(word, candidate);
        if (edits < fewest) {
            fewest = edits;
            best = candidate;
        }
    }
    return best;
}

ObjectReader::ObjectReader(const Json& object, std::string where, std::string path)
    : m_object(&object)
    , m_where(std::move(where))
    , m_path(std::move(path))
{
    if (!object.is_object())
        throw Error("expected an object, found " + typeOf(object),
            m_path.empty() ? m_where : m_where + ": " + m_path, "write {\"key\": value, …}");
}

std::string ObjectReader::at(const std::string& key) const
{
    return m_where + ": " + (m_path.empty() ? key : m_path + "." + key);
}

void ObjectReader::know(const std::string& key)
{
    if (std::find(m_known.begin(), m_known.end(), key) == m_known.end())
        m_known.push_back(key);
}

const Json* ObjectReader::raw(const std::string& key)
{
    know(key);
    const auto found = m_object->find(key);
    return found == m_object->end() ? nullptr : &*found;
}

bool ObjectReader::has(const std::string& key)
{
    const Json* value = raw(key);
    return value && !value->is_null();
}

const Json& ObjectReader::require(const std::string& key)
{
    const Json* value = raw(key);
    if (!value)
        throw Error("missing key", at(key), "add it");
    return *value;
}

ObjectReader ObjectReader::object(const std::string& key)
{
    return {require(key), m_where, m_path.empty() ? key : m_path + "." + key};
}

std::string ObjectReader::text(const std::string& key)
{
    const Json& value = require(key);
    if (!value.is_string())
        throw Error("expected text, found " + typeOf(value), at(key), "write a string in quotes");
    return value.get<std::string>();
}

std::string ObjectReader::text(const std::string& key, const std::string& fallback)
{
    return raw(key) ? text(key) : fallback;
}

std::string ObjectReader::choice(
    const std::string& key, const std::vector<std::string>& allowed, const std::string& fallback)
{
    const std::string value = text(key, fallback);
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end())
        return value;
    std::string list;
    for (const std::string& word : allowed)
        list += (list.empty() ? "" : ", ") + word;
    const std::string near = nearestWord(value, allowed);
    throw Error("unknown value \"" + value.substr(0, 80) + "\"", at(key),
        "one of " + list + (near.empty() ? "" : " (did you mean " + near + "?)"));
}

int64_t ObjectReader::integer(const std::string& key, int64_t least, int64_t most)
{
    const Json& value = require(key);
    const std::string range
        = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    if (!value.is_number())
        refuseType(value, at(key), range);
    if (value.is_number_float()) {
        const double number = value.get<double>();
        if (number != std::floor(number))
            throw Error("not a whole number", at(key), range);
        if (number < static_cast<double>(least) || number > static_cast<double>(most)
            || std::abs(number) > 9e15) // beyond it a double skips whole numbers
            throw Error("out of range", at(key), range);
        return static_cast<int64_t>(number);
    }
    if (value.is_number_unsigned()
        && value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        throw Error("out of range", at(key), range);
    const auto number = value.get<int64_t>();
    if (number < least || number > most)
        throw Error("out of range", at(key), range);
    return number;
}

int64_t ObjectReader::integer(const std::string& key, int64_t least, int64_t most, int64_t fallback)
{
    return raw(key) ? integer(key, least, most) : fallback;
}

double ObjectReader::number(const std::string& key, double least, double most)
{
    const Json& value = require(key);
    const std::string range = "a number from " + numberText(least) + " to " + numberText(most);
    if (!value.is_number())
        refuseType(value, at(key), range);
    const auto number = value.get<double>();
    if (!(number >= least && number <= most))
        throw Error("out of range", at(key), range);
    return number;
}

double ObjectReader::number(const std::string& key, double least, double most, double fallback)
{
    return raw(key) ? number(key, least, most) : fallback;
}

bool ObjectReader::boolean(const std::string& key, bool fallback)
{
    const Json* value = raw(key);
    if (!value)
        return fallback;
    if (!value->is_boolean())
        throw Error(
            "expected true or false, found " + typeOf(*value), at(key), "write true or false");
    return value->get<bool>();
}

std::vector<std::string> ObjectReader::unknown() const
{
    std::vector<std::string> keys;
    for (const auto& [key, value] : m_object->items()) {
        if (std::find(m_known.begin(), m_known.end(), key) == m_known.end())
            keys.push_back(key);
    }
    return keys;
}

void ObjectReader::finish() const
{
    for (const std::string& key : unknown()) {
        const std::string shown = key.substr(0, 80);
        const auto nearest = std::min_element(
            m_known.begin(), m_known.end(), [&](const std::string& a, const std::string& b) {
                return wordDistance(shown, a) < wordDistance(shown, b);
            });
        throw Error("unknown key", at(shown),
            nearest == m_known.end() ? "remove it" : "did you mean " + *nearest + "?");
    }
}

} // namespace moe::base
