// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/sentencepiece_tokenizer.h"

#include "engine/base/files.h"
#include "engine/base/json.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <array>

namespace moe::text {

namespace {

constexpr std::string_view kSpaceMark
    = "\xE2\x96\x81"; // U+2581, the library's stand-in for a space
constexpr size_t kChunkBytes = 1 << 16;

class SentencePiece : public Tokenizer {
public:
    explicit SentencePiece(const std::filesystem::path& file);

    int64_t vocabSize() const override { return m_processor.GetPieceSize(); }
    std::vector<int32_t> encode(std::string_view text) const override;
    std::string decode(const std::vector<int32_t>& ids) const override;
    std::optional<int32_t> endOfSequence() const override { return m_endOfSequence; }

private:
    void examine();
    void appendEncoded(std::string_view text, std::vector<int32_t>& ids) const;
    void readTokenizerConfig(const std::filesystem::path& file);

    sentencepiece::SentencePieceProcessor m_processor;
    std::optional<int32_t> m_endOfSequence;
    bool m_lossless = false; ///< no dummy prefix, whitespace kept, a byte piece for every byte
    bool m_splitsBeforeSpaces = false; ///< no piece holds a space after another character
    std::array<int32_t, 3> m_spaceMarkBytes{};
};

SentencePiece::SentencePiece(const std::filesystem::path& file)
{
    const std::string bytes = base::readFile(file);
    if (!m_processor.LoadFromSerializedProto(bytes).ok() || m_processor.GetPieceSize() == 0)
        throw Error("not a SentencePiece model", file.string(),
            "make one with moe corpus, or name another file");
    if (m_processor.eos_id() >= 0)
        m_endOfSequence = m_processor.eos_id();
    readTokenizerConfig(tokenizerConfigOf(file));
    examine();
}

/// What the model does with spaces is asked of the model itself: the library does not publish its
/// settings.
void SentencePiece::examine()
{
    std::vector<std::string> pieces;
    std::string joined;
    if (m_processor.Encode("  ", &pieces).ok()) {
        for (const std::string& piece : pieces)
            joined += piece;
    }
    const std::string mark(kSpaceMark);
    m_lossless = joined == mark + mark;
    for (size_t i = 0; i < m_spaceMarkBytes.size(); ++i) {
        static constexpr std::array<const char*, 3> kPieces = {"<0xE2>", "<0x96>", "<0x81>"};
        m_spaceMarkBytes[i] = m_processor.PieceToId(kPieces[i]);
        m_lossless = m_lossless && m_processor.IsByte(m_spaceMarkBytes[i]);
    }
    m_splitsBeforeSpaces = m_lossless;
    for (int id = 0; id < m_processor.GetPieceSize() && m_splitsBeforeSpaces; ++id) {
        const std::string& piece = m_processor.IdToPiece(id);
        const size_t letters = piece.find_first_not_of(mark);
        m_splitsBeforeSpaces
            = letters == std::string::npos || piece.find(mark, letters) == std::string::npos;
    }
}

void SentencePiece::readTokenizerConfig(const std::filesystem::path& file)
{
    if (!std::filesystem::exists(file))
        return;
    const base::Json config = base::readJsonFile(file);
    base::ObjectReader reader(config, file.string());
    if (!reader.has("eos_token"))
        return;
    const base::Json& token = *reader.raw("eos_token");
    const std::string piece
        = token.is_object() ? reader.object("eos_token").text("content") : reader.text("eos_token");
    const int32_t id = m_processor.PieceToId(piece);
    if (m_processor.IsUnknown(id))
        throw Error("unknown end-of-sequence piece \"" + piece.substr(0, 80) + "\"",
            file.string() + ": eos_token", "a piece of the SentencePiece model beside it");
    m_endOfSequence = id;
}

void SentencePiece::appendEncoded(std::string_view text, std::vector<int32_t>& ids) const
{
    std::vector<int> some;
    if (!m_processor.Encode({text.data(), text.size()}, &some).ok())
        throw Error(
            "the tokenizer refuses a text", std::to_string(text.size()) + " bytes", "UTF-8 text");
    ids.insert(ids.end(), some.begin(), some.end());
}

std::vector<int32_t> SentencePiece::encode(std::string_view text) const
{
    std::vector<int32_t> ids;
    if (!m_lossless) {
        appendEncoded(text, ids);
        return ids;
    }
    while (!text.empty()) {
        // The library cannot tell U+2581 in a text from a space: its bytes are written out instead.
        if (text.starts_with(kSpaceMark)) {
            ids.insert(ids.end(), m_spaceMarkBytes.begin(), m_spaceMarkBytes.end());
            text.remove_prefix(kSpaceMark.size());
            continue;
        }
        size_t end = std::min(text.size(), text.find(kSpaceMark));
        // Long texts go in pieces, cut where no token can lie across: the library's time and memory
        // grow with length.
        if (m_splitsBeforeSpaces && end > kChunkBytes) {
            size_t cut = text.find(' ', kChunkBytes);
            while (cut < end && text[cut - 1] == ' ')
                cut = text.find(' ', cut + 1);
            end = std::min(end, cut);
        }
        appendEncoded(text.substr(0, end), ids);
        text.remove_prefix(end);
    }
    return ids;
}

std::string SentencePiece::decode(const std::vector<int32_t>& ids) const
{
    for (const int32_t id : ids) {
        if (id < 0 || id >= m_processor.GetPieceSize())
            throw Error("token id " + std::to_string(id) + " is outside the vocabulary", "decode",
                "ids from 0 to " + std::to_string(m_processor.GetPieceSize() - 1));
    }
    std::string text;
    if (!m_processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text).ok())
        throw Error("the tokenizer cannot decode these ids", std::to_string(ids.size()) + " ids",
            "ids of this model");
    return text;
}

} // namespace

std::unique_ptr<Tokenizer> loadSentencePiece(const std::filesystem::path& modelFile)
{
    return std::make_unique<SentencePiece>(modelFile);
}

} // namespace moe::text
