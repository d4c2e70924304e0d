// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/added_tokens.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moe::text {

/// What tokenizer_config.json, added_tokens.json and chat_template.jinja beside a tokenizer say.
/// Other keys have no meaning here. All empty when there are no such files.
struct TokenizerConfig {
    std::filesystem::path file; ///< where messages point to
    std::string tokenizerClass;
    /// Contents of the named tokens: bos_token, eos_token, pad_token, unk_token, sep_token,
    /// cls_token, mask_token (those that are there). Templates see them under these names.
    std::map<std::string, std::string> namedTokens;
    std::optional<bool> addBosToken, addEosToken;
    bool legacy = true; ///< SentencePiece: a leading space after each special token, too
    std::vector<AddedToken> addedTokens; ///< of added_tokens_decoder and added_tokens.json
    /// Chat templates as text, by name; the usual one is "default".
    std::map<std::string, std::string> chatTemplates;

    std::optional<std::string> named(const std::string& name) const;
};

/// `tokenizerFile` is a folder, or a tokenizer's file in one. Throws for a file that is not as it
/// should be.
TokenizerConfig readTokenizerConfig(const std::filesystem::path& tokenizerFile);

} // namespace moe::text
