// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::text {

/// Text to token ids and back. Const after construction: any thread. Encoding throws for a text
/// that is not UTF-8, naming the offset.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    /// One more than the largest id; ids below it that name no token decode to nothing.
    virtual int64_t vocabSize() const = 0;
    /// Nothing added; added tokens inside the text are found.
    virtual std::vector<int32_t> encode(std::string_view text) const = 0;
    /// With what the tokenizer itself puts around a text (its post-processor; add_bos_token).
    virtual std::vector<int32_t> encodePrompt(std::string_view text) const { return encode(text); }
    /// What a chat template made: nothing added, and the control pieces of a SentencePiece model,
    /// which are plain text elsewhere, are found as well.
    virtual std::vector<int32_t> encodeRendered(std::string_view text) const
    {
        return encode(text);
    }

    /// Throws for ids outside the vocabulary. `skipSpecial` leaves special tokens out.
    virtual std::string decode(const std::vector<int32_t>& ids, bool skipSpecial) const = 0;
    std::string decode(const std::vector<int32_t>& ids) const { return decode(ids, false); }
    /// The bytes that a token adds to a text, which need not be whole characters: behind other
    /// tokens, or as the `first` of all (some tokenizers drop a leading space then). Empty for ids
    /// that name no token.
    virtual std::string bytesOf(int32_t id, bool first) const = 0;

    /// The most bytes of a text that one token stands for: a text longer than n times that has more
    /// than n tokens. 0 where a tokenizer cannot promise it, as it drops or shortens some of a
    /// text.
    virtual size_t longestToken() const { return 0; }

    virtual bool isSpecial(int32_t id) const = 0;
    virtual std::optional<int32_t> idOf(std::string_view token) const = 0; ///< by its written form
    virtual std::optional<int32_t> endOfSequence() const = 0;
};

/// A folder (tokenizer.json, else tokenizer.model, else one *.tiktoken), a *.model, *.json or
/// *.tiktoken file, or a dataset's PREFIX; refused by name when the kind is unknown.
std::unique_ptr<Tokenizer> loadTokenizer(const std::filesystem::path& path);
/// The tokenizer file that loadTokenizer would read for `path`.
std::optional<std::filesystem::path> findTokenizerFile(const std::filesystem::path& path);

/// Where a tokenizer file's tokenizer_config.json stands: PREFIX.tokenizer_config.json for
/// PREFIX.tokenizer.model (or .json) if there, else the folder's own, which need not exist.
std::filesystem::path tokenizerConfigOf(const std::filesystem::path& tokenizerFile);

/// Throws when `text` is not UTF-8, naming the offset, and `where` it comes from unless that is
/// empty.
void checkUtf8(std::string_view text, const std::string& where = "");

/// Trains a lossless SentencePiece BPE model (identity normalisation, byte fallback, no dummy
/// prefix, whitespace kept) on texts that `next` hands out until it returns nothing; writes `out`.
/// Throws.
void trainTokenizer(const std::function<std::optional<std::string>()>& next, int64_t vocabSize,
    const std::filesystem::path& out);

} // namespace moe::text
