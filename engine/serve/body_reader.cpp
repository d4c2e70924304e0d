// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/body_reader.h"

#include "engine/base/json_excess.h"
#include "engine/serve/api_error.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace moe::serve {

using base::Json;

namespace {

constexpr size_t kDeepest = 32, kMostKeys = 256;

std::string shown(double value)
{
    const Json number = value == std::floor(value) && std::abs(value) < 1e15
        ? Json(static_cast<int64_t>(value))
        : Json(value);
    return number.dump();
}

} // namespace

Json parseBody(std::string_view body)
{
    // Not by the parser's callbacks: with them it goes through a whole list at each object's end.
    if (const auto excess = base::excessOf(body, kDeepest, kMostKeys)) {
        if (excess->of == base::JsonExcess::Of::Levels)
            throw ApiError(400, "JSON is nested too deeply", "body", "at most 32 levels");
        throw ApiError(400, "an object has too many keys", "body", "at most 256");
    }
    try {
        Json json = Json::parse(body);
        if (!json.is_object())
            throw ApiError(400, "expected a JSON object", "body", "send {\"model\": …}");
        return json;
    } catch (const Json::parse_error& error) {
        throw ApiError(400, "not valid JSON", "body",
            "mend what stands near byte " + std::to_string(error.byte));
    } catch (const Json::out_of_range&) {
        throw ApiError(400, "a number is too large", "body", "numbers reach to 1.8e308");
    }
}

void BodyReader::refuse(const std::string& what, const std::string& key, const std::string& remedy)
{
    throw ApiError(400, what, key, remedy, "", key);
}

const Json* BodyReader::find(const std::string& key) const
{
    const auto found = m_body.find(key);
    return found == m_body.end() || found->is_null() ? nullptr : &*found;
}

std::string BodyReader::text(const std::string& key) const
{
    const Json* value = find(key);
    if (!value)
        refuse("this key is missing", key, "write a text");
    if (!value->is_string())
        refuse("not a text", key, "write a text in quotes");
    return value->get<std::string>();
}

bool BodyReader::boolean(const std::string& key) const
{
    const Json* value = find(key);
    if (value && !value->is_boolean())
        refuse("neither true nor false", key, "write true or false");
    return value && value->get<bool>();
}

std::optional<int64_t> BodyReader::integer(
    const std::string& key, int64_t least, int64_t most) const
{
    const Json* value = find(key);
    if (!value)
        return std::nullopt;
    const std::string range
        = "write an integer from " + std::to_string(least) + " to " + std::to_string(most);
    if (!value->is_number_integer())
        refuse("not an integer", key, range);
    const bool large
        = value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
    if (large || value->get<int64_t>() < least || value->get<int64_t>() > most)
        refuse("out of range", key, range);
    return value->get<int64_t>();
}

double BodyReader::number(const std::string& key, double least, double most, double fallback) const
{
    const Json* value = find(key);
    if (!value)
        return fallback;
    const std::string range = "write a number from " + shown(least) + " to " + shown(most);
    if (!value->is_number())
        refuse("not a number", key, range);
    const auto number = value->get<double>();
    if (!(number >= least && number <= most))
        refuse("out of range", key, range);
    return number;
}

std::vector<std::string> BodyReader::texts(
    const std::string& key, size_t most, size_t longest) const
{
    const Json* value = find(key);
    if (!value)
        return {};
    const std::string remedy = "write a text, or a list of at most " + std::to_string(most);
    std::vector<std::string> texts;
    for (const Json& text : value->is_array() ? *value : Json::array({*value})) {
        if (!text.is_string())
            refuse("neither a text nor a list of texts", key, remedy);
        texts.push_back(text.get<std::string>());
        if (texts.back().empty())
            refuse("an empty text", key, remedy);
        if (texts.back().size() > longest)
            refuse("too long a text", key, "write at most " + std::to_string(longest) + " bytes");
        if (texts.size() > most)
            refuse("too many texts", key, remedy);
    }
    return texts;
}

std::optional<uint64_t> BodyReader::seed(const std::string& key) const
{
    const Json* value = find(key);
    if (!value)
        return std::nullopt;
    if (!value->is_number_integer())
        refuse("not an integer", key, "write an integer of 64 bits");
    return value->is_number_unsigned() ? value->get<uint64_t>()
                                       : static_cast<uint64_t>(value->get<int64_t>());
}

} // namespace moe::serve
