// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace moe::text {

/// Text to token ids and back. Const after construction: any thread.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    virtual int64_t vocabSize() const = 0;
    virtual std::vector<int32_t> encode(std::string_view text) const = 0; ///< nothing added
    virtual std::string decode(
        const std::vector<int32_t>& ids) const = 0; ///< throws for ids outside the vocabulary
    virtual std::optional<int32_t> endOfSequence() const = 0;
};

/// A folder (tokenizer.model, tokenizer.json), a *.model or a *.json file; refused by name when the
/// kind is unknown.
std::unique_ptr<Tokenizer> loadTokenizer(const std::filesystem::path& path);
/// The tokenizer file that loadTokenizer would read for `path`: PREFIX.tokenizer.model beside a
/// dataset, a folder's, or the file itself.
std::optional<std::filesystem::path> findTokenizerFile(const std::filesystem::path& path);

/// Where a SentencePiece file's tokenizer_config.json stands: PREFIX.tokenizer_config.json for
/// PREFIX.tokenizer.model if there, else the folder's own, which need not exist.
std::filesystem::path tokenizerConfigOf(const std::filesystem::path& modelFile);

/// Trains a lossless SentencePiece BPE model (identity normalisation, byte fallback, no dummy
/// prefix, whitespace kept) on texts that `next` hands out until it returns nothing; writes `out`.
/// Throws.
void trainTokenizer(const std::function<std::optional<std::string>()>& next, int64_t vocabSize,
    const std::filesystem::path& out);

} // namespace moe::text
