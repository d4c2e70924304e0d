// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/post_processor.h"

#include "engine/text/component_reader.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace moe::text {

namespace {

int32_t readId(const base::Json& json, const std::string& where)
{
    if (!json.is_number_integer() || json.get<int64_t>() < 0 || json.get<int64_t>() > INT32_MAX)
        throw Error("not a token id", where, "a whole number, 0 or more");
    return json.get<int32_t>();
}

const base::Json& readList(base::ObjectReader& reader, const std::string& key)
{
    const base::Json* list = reader.raw(key);
    if (!list || !list->is_array())
        throw Error("no list", reader.at(key), "write […]");
    return *list;
}

/// One piece of a template: the text (nothing), or ids that are put in.
using TemplatePiece = std::optional<std::vector<int32_t>>;

std::vector<int32_t> idsOfSpecial(base::ObjectReader& reader, const std::string& id)
{
    base::ObjectReader tokens = reader.object("special_tokens");
    base::ObjectReader token = tokens.object(id);
    std::vector<int32_t> ids;
    for (const base::Json& one : readList(token, "ids"))
        ids.push_back(readId(one, token.at("ids")));
    return ids;
}

PostProcessor templateProcessing(base::ObjectReader& reader)
{
    reader.know("pair");
    reader.know("special_tokens");
    std::vector<TemplatePiece> pieces;
    size_t texts = 0;
    for (const base::Json& json : readList(reader, "single")) {
        base::ObjectReader piece(json, reader.at("single"));
        if (piece.has("Sequence")) {
            if (piece.object("Sequence").text("id") != "A")
                throw Error(
                    "a second text in a template for one", reader.at("single"), "only sequence A");
            if (++texts > 1) // a sequence of such templates would make very much of a text
                throw Error(
                    "the text stands twice in a template", reader.at("single"), "once, as $A");
            pieces.emplace_back();
        } else {
            pieces.emplace_back(idsOfSpecial(reader, piece.object("SpecialToken").text("id")));
        }
        piece.know("SpecialToken");
        piece.finish();
    }
    return [pieces](std::vector<int32_t>& ids) {
        std::vector<int32_t> result;
        for (const TemplatePiece& piece : pieces) {
            const std::vector<int32_t>& added = piece ? *piece : ids;
            result.insert(result.end(), added.begin(), added.end());
        }
        ids = std::move(result);
    };
}

/// BertProcessing and RobertaProcessing: "cls" before and "sep" behind, [token, id] each.
PostProcessor aroundText(base::ObjectReader& reader)
{
    const auto idOf = [&](const char* key) {
        const base::Json& pair = readList(reader, key);
        if (pair.size() != 2)
            throw Error("not a token and its id", reader.at(key), "[\"token\", id]");
        return readId(pair[1], reader.at(key));
    };
    const int32_t before = idOf("cls"), behind = idOf("sep");
    return [=](std::vector<int32_t>& ids) {
        ids.insert(ids.begin(), before);
        ids.push_back(behind);
    };
}

} // namespace

PostProcessor parsePostProcessor(const base::Json& json, const std::string& where)
{
    if (json.is_null())
        return [](std::vector<int32_t>&) {
        };
    base::ObjectReader reader(json, where);
    const std::string kind = reader.text("type");
    PostProcessor result;
    if (kind == "TemplateProcessing") {
        result = templateProcessing(reader);
    } else if (kind == "ByteLevel") {
        result = [](std::vector<int32_t>&) {
        }; // trims offsets, which nobody asks for
    } else if (kind == "BertProcessing" || kind == "RobertaProcessing") {
        result = aroundText(reader);
    } else if (kind == "Sequence") {
        std::vector<PostProcessor> members;
        for (const Component& member : readSequence(reader, "processors"))
            members.push_back(parsePostProcessor(*member.json, member.where));
        result = [members](std::vector<int32_t>& ids) {
            for (const PostProcessor& member : members)
                member(ids);
        };
    } else {
        refuseComponent("the post-processor", kind, where);
    }
    for (const char* key : {"add_prefix_space", "trim_offsets", "use_regex"})
        reader.know(key); // of offsets
    reader.finish();
    return result;
}

} // namespace moe::text
