// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/text/bpe_tokenizer.h"
#include "engine/text/component_reader.h"
#include "engine/text/tokenizer_config.h"
#include "engine/text/tokenizer_file.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <set>
#include <unordered_map>

namespace moe::text {

namespace {

constexpr int64_t kMostBytes = INT64_C(512) << 20;

/// A setting that changes what encode does: only its empty values are taken.
void refuseUnlessEmpty(base::ObjectReader& reader, const std::string& key)
{
    const base::Json* value = reader.raw(key);
    const bool empty = !value || value->is_null() || *value == base::Json("");
    const bool zero = value && value->is_number() && value->get<double>() == 0;
    if (!empty && !zero)
        throw Error("the setting " + key + " is not implemented", reader.at(key),
            "null, or another tokenizer");
}

Bpe readModel(base::ObjectReader& root, TokenizerFile& file, const std::string& where)
{
    base::ObjectReader reader = root.object("model");
    // Files from before the key was written are recognised by their merges.
    const std::string kind = reader.text("type", file.merges.empty() ? "" : "BPE");
    if (kind != "BPE")
        refuseComponent("the model", kind.empty() ? "without a type" : kind, reader.at("type"));
    BpeParts parts;
    parts.vocab = std::move(file.vocab);
    parts.merges = std::move(file.merges);
    if (parts.vocab.empty())
        throw Error("no vocabulary", reader.at("vocab"), "an object of tokens and their ids");
    reader.know("vocab");
    reader.know("merges");
    refuseUnlessEmpty(reader, "dropout");
    refuseUnlessEmpty(reader, "continuing_subword_prefix");
    refuseUnlessEmpty(reader, "end_of_word_suffix");
    if (reader.has("unk_token"))
        parts.unknown = reader.text("unk_token");
    parts.fuseUnknown = reader.boolean("fuse_unk", false);
    parts.byteFallback = reader.boolean("byte_fallback", false);
    parts.ignoreMerges = reader.boolean("ignore_merges", false);
    reader.finish();
    return {std::move(parts), where + ": model"};
}

AddedToken readAddedToken(const base::Json& json, const std::string& where)
{
    base::ObjectReader reader(json, where);
    AddedToken token;
    token.content = reader.text("content");
    reader.know("id"); // see readAddedTokens
    token.special = reader.boolean("special", false);
    token.normalized = reader.boolean("normalized", !token.special);
    token.lstrip = reader.boolean("lstrip", false);
    token.rstrip = reader.boolean("rstrip", false);
    token.singleWord = reader.boolean("single_word", false);
    reader.finish();
    return token;
}

/// An added token keeps the id that the model has for it; others count up from the vocabulary's
/// size in the order of the file, as the `tokenizers` library does: the "id" that is written beside
/// them must agree.
std::vector<AddedToken> readAddedTokens(base::ObjectReader& root, const Bpe& model)
{
    std::vector<AddedToken> tokens;
    if (!root.has("added_tokens"))
        return tokens;
    std::set<std::string_view> texts;
    for (const auto& [text, id] : model.vocab())
        texts.insert(text);
    auto next = static_cast<int32_t>(texts.size());
    std::unordered_map<std::string, size_t> places; // a content that comes again replaces itself
    for (const Component& member : readSequence(root, "added_tokens")) {
        AddedToken token = readAddedToken(*member.json, member.where);
        if (token.content.empty())
            continue;
        const auto known = places.find(token.content);
        if (known != places.end()) {
            token.id = tokens[known->second].id;
            tokens[known->second] = token;
            continue;
        }
        const auto inModel = model.find(token.content);
        token.id = inModel ? *inModel : next++;
        const auto written = member.json->find("id");
        if (written != member.json->end() && *written != base::Json(token.id))
            throw Error("the added token \"" + token.content.substr(0, 80) + "\" has id "
                    + written->dump().substr(0, 20) + " but would get " + std::to_string(token.id),
                member.where,
                inModel ? "its id of model.vocab" : "ids that follow the vocabulary in order");
        places.emplace(token.content, tokens.size());
        tokens.push_back(std::move(token));
    }
    return tokens;
}

const base::Json& partOf(base::ObjectReader& root, const std::string& key)
{
    static const base::Json null;
    const base::Json* part = root.raw(key);
    return part ? *part : null;
}

} // namespace

std::unique_ptr<Tokenizer> parseTokenizerJson(std::string_view json, const std::string& where,
    const std::optional<std::string>& endOfSequence)
{
    TokenizerFile file = parseTokenizerFile(json, where);
    base::ObjectReader root(*file.rest, where);
    if (root.text("version", "1.0") != "1.0")
        throw Error("unknown version of a tokenizer.json", root.at("version"), "\"1.0\"");
    // How others cut and fill up texts; a text that we encode is whole.
    root.know("truncation");
    root.know("padding");
    Bpe model = readModel(root, file, where);
    std::vector<AddedToken> added = readAddedTokens(root, model);
    BpeTokenizerParts parts{where, std::move(model), std::move(added),
        parseNormalizer(partOf(root, "normalizer"), where + ": normalizer"),
        parsePreTokenizer(partOf(root, "pre_tokenizer"), where + ": pre_tokenizer"),
        parsePostProcessor(partOf(root, "post_processor"), where + ": post_processor"),
        TokenDecoder(partOf(root, "decoder"), where + ": decoder"), endOfSequence};
    root.finish();
    return makeBpeTokenizer(std::move(parts));
}

std::unique_ptr<Tokenizer> loadTokenizerJson(const std::filesystem::path& file)
{
    const TokenizerConfig config = readTokenizerConfig(file);
    return parseTokenizerJson(
        base::readFile(file, kMostBytes), file.string(), config.named("eos_token"));
}

} // namespace moe::text
