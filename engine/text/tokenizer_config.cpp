// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/tokenizer_config.h"

#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace moe::text {

namespace {

constexpr std::array kNames
    = {"bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"};

/// "</s>" or {"content": "</s>", …}.
std::string readContent(base::ObjectReader& reader, const std::string& key)
{
    return reader.raw(key)->is_object() ? reader.object(key).text("content") : reader.text(key);
}

int32_t idOf(const std::string& text, const std::string& where)
{
    int32_t id = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id < 0)
        throw Error("\"" + text.substr(0, 40) + "\" is no token id", where, "a whole number");
    return id;
}

void readAddedTokensDecoder(base::ObjectReader& reader, TokenizerConfig& config)
{
    if (!reader.has("added_tokens_decoder"))
        return;
    base::ObjectReader tokens = reader.object("added_tokens_decoder");
    for (const auto& [id, json] : reader.raw("added_tokens_decoder")->items()) {
        base::ObjectReader token(json, tokens.at(id));
        AddedToken added;
        added.content = token.text("content");
        added.id = idOf(id, tokens.at(id));
        added.special = token.boolean("special", false);
        added.normalized = token.boolean("normalized", !added.special);
        added.lstrip = token.boolean("lstrip", false);
        added.rstrip = token.boolean("rstrip", false);
        added.singleWord = token.boolean("single_word", false);
        config.addedTokens.push_back(std::move(added));
    }
}

/// {"<|im_start|>": 32000, …}: the older form.
void readAddedTokensFile(const std::filesystem::path& file, TokenizerConfig& config)
{
    const base::Json json = base::readJsonFile(file);
    const base::ObjectReader checked(json, file.string());
    for (const auto& [content, id] : json.items()) {
        AddedToken added;
        added.content = content;
        if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > INT32_MAX)
            throw Error("no token id", checked.at(content.substr(0, 80)), "a whole number");
        added.id = id.get<int32_t>();
        added.special = true;
        config.addedTokens.push_back(std::move(added));
    }
}

/// A text, or a list of {"name", "template"}.
void readChatTemplates(base::ObjectReader& reader, TokenizerConfig& config)
{
    const base::Json* given = reader.raw("chat_template");
    if (!given || given->is_null())
        return;
    if (!given->is_array()) {
        config.chatTemplates["default"] = reader.text("chat_template");
        return;
    }
    for (const base::Json& json : *given) {
        base::ObjectReader one(json, reader.at("chat_template"));
        const std::string name = one.text("name");
        config.chatTemplates[name] = one.text("template");
    }
}

void readConfigFile(const base::Json& json, TokenizerConfig& config)
{
    base::ObjectReader reader(json, config.file.string());
    for (const char* name : kNames) {
        if (reader.has(name))
            config.namedTokens[name] = readContent(reader, name);
    }
    if (reader.has("tokenizer_class"))
        config.tokenizerClass = reader.text("tokenizer_class");
    if (reader.has("add_bos_token"))
        config.addBosToken = reader.boolean("add_bos_token", false);
    if (reader.has("add_eos_token"))
        config.addEosToken = reader.boolean("add_eos_token", false);
    if (reader.has("legacy"))
        config.legacy = reader.boolean("legacy", true);
    readAddedTokensDecoder(reader, config);
    readChatTemplates(reader, config);
}

} // namespace

std::optional<std::string> TokenizerConfig::named(const std::string& name) const
{
    const auto found = namedTokens.find(name);
    return found == namedTokens.end() ? std::nullopt : std::optional(found->second);
}

TokenizerConfig readTokenizerConfig(const std::filesystem::path& tokenizerFile)
{
    TokenizerConfig config;
    const bool isFolder = std::filesystem::is_directory(tokenizerFile);
    config.file
        = isFolder ? tokenizerFile / "tokenizer_config.json" : tokenizerConfigOf(tokenizerFile);
    if (std::filesystem::exists(config.file))
        readConfigFile(base::readJsonFile(config.file), config);
    const std::filesystem::path folder = config.file.parent_path();
    if (config.addedTokens.empty() && std::filesystem::exists(folder / "added_tokens.json"))
        readAddedTokensFile(folder / "added_tokens.json", config);
    if (std::filesystem::exists(folder / "chat_template.jinja"))
        config.chatTemplates["default"] = base::readFile(folder / "chat_template.jinja", 1 << 24);
    return config;
}

} // namespace moe::text
