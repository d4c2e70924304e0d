// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/sentencepiece_tokenizer.h"

#include "engine/base/files.h"
#include "engine/text/added_tokens.h"
#include "engine/text/sentencepiece_check.h"
#include "engine/text/tokenizer_config.h"
#include "kernels/error.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <array>
#include <map>

namespace moe::text {

namespace {

constexpr std::string_view kSpaceMark
    = "\xE2\x96\x81"; // U+2581, the library's stand-in for a space
constexpr size_t kChunkBytes = 1 << 16;

class SentencePiece final : public Tokenizer {
public:
    explicit SentencePiece(const std::filesystem::path& file);

    int64_t vocabSize() const override { return static_cast<int64_t>(m_vocabSize); }
    std::vector<int32_t> encode(std::string_view text) const override;
    std::vector<int32_t> encodePrompt(std::string_view text) const override;
    std::vector<int32_t> encodeRendered(std::string_view text) const override;
    std::string decode(const std::vector<int32_t>& ids, bool skipSpecial) const override;
    std::string bytesOf(int32_t id, bool first) const override;
    size_t longestToken() const override { return m_longestToken; }
    bool isSpecial(int32_t id) const override;
    std::optional<int32_t> idOf(std::string_view token) const override;
    std::optional<int32_t> endOfSequence() const override { return m_endOfSequence; }

private:
    void examine();
    void measureTokens();
    void readTokens(const TokenizerConfig& config);
    void readEnds(const TokenizerConfig& config);
    std::vector<int32_t> encodeBetween(const AddedTokens& tokens, std::string_view text) const;
    void appendPlain(std::string_view text, std::vector<int32_t>& ids) const;
    void appendEncoded(std::string_view text, std::vector<int32_t>& ids) const;
    void appendWithoutPrefix(std::string_view text, std::vector<int32_t>& ids) const;
    bool isPiece(int32_t id) const { return id >= 0 && id < m_processor.GetPieceSize(); }

    sentencepiece::SentencePieceProcessor m_processor;
    std::string m_file;
    int64_t m_vocabSize = 0; ///< pieces, and added tokens behind them
    std::map<int32_t, AddedToken> m_added; ///< by id
    AddedTokens m_inTexts{{}, ""}; ///< those of the configuration
    AddedTokens m_inRendered{{}, ""}; ///< and the model's control pieces
    std::optional<int32_t> m_beginOfSequence, m_endOfSequence;
    bool m_addBegin = false, m_addEnd = false;
    bool m_legacy = true;
    bool m_addsPrefix = false; ///< the model puts a space before a text
    bool m_mapsCharacters = false; ///< the model's normaliser replaces some by others
    bool m_lossless = false; ///< no dummy prefix, whitespace kept, a byte piece for every byte
    bool m_splitsBeforeSpaces = false; ///< no piece holds a space after another character
    std::array<int32_t, 3> m_spaceMarkBytes{};
    size_t m_longestToken = 0;
};

SentencePiece::SentencePiece(const std::filesystem::path& file)
    : m_file(file.string())
{
    const std::string bytes = base::readFile(file);
    m_mapsCharacters = checkSentencePieceModel(bytes, m_file);
    if (!m_processor.LoadFromSerializedProto(bytes).ok() || m_processor.GetPieceSize() == 0)
        throw Error(
            "not a SentencePiece model", m_file, "make one with moe corpus, or name another file");
    m_vocabSize = m_processor.GetPieceSize();
    const TokenizerConfig config = readTokenizerConfig(file);
    readTokens(config);
    readEnds(config);
    examine();
    measureTokens();
}

/// Added tokens keep the ids that the configuration gives them: pieces of the model, or ids that
/// follow it closely.
void SentencePiece::readTokens(const TokenizerConfig& config)
{
    constexpr int32_t kMostAdded = 1 << 20;
    std::vector<AddedToken> inTexts = config.addedTokens;
    for (AddedToken& token : inTexts) {
        if (token.id >= m_processor.GetPieceSize() + kMostAdded)
            throw Error("the added token \"" + token.content.substr(0, 80) + "\" has id "
                    + std::to_string(token.id),
                config.file.string(), "ids that follow the model's pieces");
        token.normalized = false; // the library's own normalisation comes after
        m_added[token.id] = token;
        m_vocabSize = std::max<int64_t>(m_vocabSize, int64_t{token.id} + 1);
    }
    std::vector<AddedToken> inRendered = inTexts;
    for (int id = 0; id < m_processor.GetPieceSize(); ++id) {
        if ((m_processor.IsControl(id) || m_processor.IsUnknown(id)) && !m_added.contains(id))
            inRendered.push_back({m_processor.IdToPiece(id), id, true});
    }
    m_inTexts = AddedTokens(std::move(inTexts), config.file.string());
    m_inRendered = AddedTokens(std::move(inRendered), m_file);
}

void SentencePiece::readEnds(const TokenizerConfig& config)
{
    const auto named = [&](const std::string& name, int fallback) -> std::optional<int32_t> {
        const auto token = config.named(name);
        if (!token)
            return fallback >= 0 ? std::optional(fallback) : std::nullopt;
        const auto id = idOf(*token);
        if (!id)
            throw Error("unknown piece \"" + token->substr(0, 80) + "\"",
                config.file.string() + ": " + name, "a piece of the SentencePiece model beside it");
        return id;
    };
    m_beginOfSequence = named("bos_token", m_processor.bos_id());
    m_endOfSequence = named("eos_token", m_processor.eos_id());
    // What transformers takes where the file does not say.
    const bool llama = config.tokenizerClass.starts_with("LlamaTokenizer");
    m_addBegin = config.addBosToken.value_or(llama) && m_beginOfSequence;
    m_addEnd = config.addEosToken.value_or(false) && m_endOfSequence;
    m_legacy = config.legacy;
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
    pieces.clear();
    m_addsPrefix
        = m_processor.Encode("a", &pieces).ok() && !pieces.empty() && pieces[0].starts_with(mark);
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

/// A model that keeps every character of a text spells each out in some piece: bytes stand for what
/// is in none (the library has byte pieces either all, or none).
void SentencePiece::measureTokens()
{
    if (!m_lossless || m_mapsCharacters)
        return;
    size_t longest = 1;
    for (const auto& [id, token] : m_added) {
        if (token.lstrip || token.rstrip) // takes any amount of white space along
            return;
        longest = std::max(longest, token.content.size());
    }
    for (int id = 0; id < m_processor.GetPieceSize(); ++id)
        longest = std::max(longest, m_processor.IdToPiece(id).size());
    m_longestToken = longest;
}

void SentencePiece::appendEncoded(std::string_view text, std::vector<int32_t>& ids) const
{
    std::vector<int> some;
    if (!m_processor.Encode({text.data(), text.size()}, &some).ok())
        throw Error(
            "the tokenizer refuses a text", std::to_string(text.size()) + " bytes", "UTF-8 text");
    ids.insert(ids.end(), some.begin(), some.end());
}

/// As if the text stood behind another: a sign that merges with nothing takes the model's leading
/// space, and goes with it.
void SentencePiece::appendWithoutPrefix(std::string_view text, std::vector<int32_t>& ids) const
{
    constexpr std::string_view kSign = "\x01";
    std::vector<int32_t> sign, all;
    appendEncoded(kSign, sign);
    appendEncoded(std::string(kSign) + std::string(text), all);
    const bool apart
        = all.size() >= sign.size() && std::equal(sign.begin(), sign.end(), all.begin());
    if (!apart)
        throw Error("the model joins a control character with a text", m_file,
            "\"legacy\": true in tokenizer_config.json");
    ids.insert(ids.end(), all.begin() + static_cast<ptrdiff_t>(sign.size()), all.end());
}

void SentencePiece::appendPlain(std::string_view text, std::vector<int32_t>& ids) const
{
    if (!m_lossless) {
        appendEncoded(text, ids);
        return;
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
}

std::vector<int32_t> SentencePiece::encodeBetween(
    const AddedTokens& tokens, std::string_view text) const
{
    checkUtf8(text);
    std::vector<int32_t> ids;
    tokens.split(text, [&](std::string_view part, const AddedToken* token) {
        if (token)
            ids.push_back(token->id);
        else if (!m_legacy && m_addsPrefix && part.data() != text.data())
            appendWithoutPrefix(part, ids);
        else
            appendPlain(part, ids);
    });
    return ids;
}

std::vector<int32_t> SentencePiece::encode(std::string_view text) const
{
    return encodeBetween(m_inTexts, text);
}

std::vector<int32_t> SentencePiece::encodePrompt(std::string_view text) const
{
    std::vector<int32_t> ids = encode(text);
    if (m_addBegin)
        ids.insert(ids.begin(), *m_beginOfSequence);
    if (m_addEnd)
        ids.push_back(*m_endOfSequence);
    return ids;
}

std::vector<int32_t> SentencePiece::encodeRendered(std::string_view text) const
{
    return encodeBetween(m_inRendered, text);
}

bool SentencePiece::isSpecial(int32_t id) const
{
    const auto added = m_added.find(id);
    if (added != m_added.end())
        return added->second.special;
    return isPiece(id) && m_processor.IsControl(id);
}

std::optional<int32_t> SentencePiece::idOf(std::string_view token) const
{
    for (const auto& [id, added] : m_added) {
        if (added.content == token)
            return id;
    }
    const std::string piece(token);
    const int32_t id = m_processor.PieceToId(piece);
    return isPiece(id) && m_processor.IdToPiece(id) == piece ? std::optional(id) : std::nullopt;
}

std::string SentencePiece::bytesOf(int32_t id, bool first) const
{
    const auto added = m_added.find(id);
    if (added != m_added.end())
        return added->second.content;
    if (!isPiece(id))
        return {};
    if (m_processor.IsControl(id))
        return {}; // invisible, as for the library
    if (m_processor.IsUnknown(id))
        return " \xE2\x81\x87 "; // what the library writes for it
    std::string_view piece = m_processor.IdToPiece(id);
    if (m_processor.IsByte(id))
        return {static_cast<char>(std::stoi(std::string(piece.substr(3, 2)), nullptr, 16))};
    if (first && m_addsPrefix && piece.starts_with(kSpaceMark))
        piece.remove_prefix(kSpaceMark.size());
    std::string text;
    for (size_t at = 0; at < piece.size();) {
        const bool space = piece.substr(at).starts_with(kSpaceMark);
        text += space ? ' ' : piece[at];
        at += space ? kSpaceMark.size() : 1;
    }
    return text;
}

/// Runs of pieces by the library, added tokens in their written form.
std::string SentencePiece::decode(const std::vector<int32_t>& ids, bool skipSpecial) const
{
    std::string text;
    std::vector<int> run;
    bool first = true;
    const auto finishRun = [&] {
        if (run.empty())
            return;
        std::string some;
        if (!m_processor.Decode(run, &some).ok())
            throw Error("the tokenizer cannot decode these ids",
                std::to_string(ids.size()) + " ids", "ids of this model");
        // Behind other text the space that the library drops was one.
        if (!first && m_addsPrefix && m_processor.IdToPiece(run[0]).starts_with(kSpaceMark))
            some.insert(0, " ");
        text += some;
        run.clear();
        first = false;
    };
    for (const int32_t id : ids) {
        if (id < 0 || id >= m_vocabSize)
            throw Error("token id " + std::to_string(id) + " is outside the vocabulary", "decode",
                "ids from 0 to " + std::to_string(m_vocabSize - 1));
        if (!m_added.contains(id) && isPiece(id)) {
            run.push_back(id);
        } else if (!(skipSpecial && isSpecial(id))) {
            finishRun();
            text += bytesOf(id, first);
            first = false;
        }
    }
    finishRun();
    return text;
}

} // namespace

std::unique_ptr<Tokenizer> loadSentencePiece(const std::filesystem::path& modelFile)
{
    return std::make_unique<SentencePiece>(modelFile);
}

} // namespace moe::text
