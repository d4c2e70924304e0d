// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/added_tokens.h"
#include "engine/text/bpe.h"
#include "engine/text/normalizer.h"
#include "engine/text/post_processor.h"
#include "engine/text/pre_tokenizer.h"
#include "engine/text/token_decoder.h"
#include "engine/text/tokenizer.h"

namespace moe::text {

/// The parts of a byte pair tokenizer as the `tokenizers` library arranges them.
struct BpeTokenizerParts {
    std::string where; ///< the file, for messages
    Bpe model;
    std::vector<AddedToken> added;
    Normalizer normalizer;
    PreTokenizer preTokenizer;
    PostProcessor postProcessor;
    TokenDecoder decoder;
    std::optional<std::string> endOfSequence; ///< written form
};

/// Text → added tokens cut out → normaliser → normalised added tokens cut out → pre-tokenizer →
/// merges of each piece. Throws for ids far beyond the number of tokens, and for an end-of-sequence
/// token that is not there.
std::unique_ptr<Tokenizer> makeBpeTokenizer(BpeTokenizerParts parts);

/// A tokenizer.json. `endOfSequence` as tokenizer_config.json beside it says.
std::unique_ptr<Tokenizer> loadTokenizerJson(const std::filesystem::path& file);
/// The same from the file's bytes.
std::unique_ptr<Tokenizer> parseTokenizerJson(std::string_view json, const std::string& where,
    const std::optional<std::string>& endOfSequence);

/// A *.tiktoken file (base64 token, space, rank, one a line). Pattern and special tokens follow the
/// model's architecture (config.json beside it): Qwen, Qwen2 and 3, Llama 3 (and what is upcycled
/// of it), gpt-oss; others are refused by name.
std::unique_ptr<Tokenizer> loadTiktoken(const std::filesystem::path& file);

} // namespace moe::text
