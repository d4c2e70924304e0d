// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/component_reader.h"

#include "engine/text/unicode.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::text {

Regex readPattern(base::ObjectReader& reader)
{
    base::ObjectReader pattern = reader.object("pattern");
    const bool literal = pattern.has("String");
    const std::string key = literal ? "String" : "Regex";
    const std::string text = pattern.text(key);
    pattern.finish();
    return literal ? Regex::literal(text, pattern.at(key)) : Regex(text, pattern.at(key));
}

char32_t readCharacter(base::ObjectReader& reader, const std::string& key)
{
    const std::string text = reader.text(key);
    size_t at = 0;
    const char32_t c = text.empty() ? 0 : nextCodePoint(text, at);
    if (text.empty() || at != text.size())
        throw Error("\"" + text.substr(0, 40) + "\" is not one character", reader.at(key),
            "a single character");
    return c;
}

std::vector<Component> readSequence(base::ObjectReader& reader, const std::string& key)
{
    const base::Json* list = reader.raw(key);
    if (!list || !list->is_array())
        throw Error("no list", reader.at(key), "the members of the sequence");
    std::vector<Component> members;
    members.reserve(list->size());
    for (size_t i = 0; i < list->size(); ++i)
        members.push_back({&(*list)[i], reader.at(key) + "[" + std::to_string(i) + "]"});
    return members;
}

void refuseComponent(const std::string& what, const std::string& kind, const std::string& where)
{
    throw Error(what + " " + kind.substr(0, 80) + " is not implemented", where,
        "a tokenizer of one of the supported families");
}

} // namespace moe::text
