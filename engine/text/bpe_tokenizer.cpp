// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/bpe_tokenizer.h"

#include "kernels/error.h"

#include <algorithm>

namespace moe::text {

namespace {

/// Ids may have gaps, but the table by id must not be far larger than the file.
constexpr size_t kSpareIds = size_t{1} << 20;

class BpeTokenizer final : public Tokenizer {
public:
    explicit BpeTokenizer(BpeTokenizerParts parts);

    int64_t vocabSize() const override { return static_cast<int64_t>(m_byId.size()); }
    std::vector<int32_t> encode(std::string_view text) const override;
    std::vector<int32_t> encodePrompt(std::string_view text) const override;
    std::string decode(const std::vector<int32_t>& ids, bool skipSpecial) const override;
    std::string bytesOf(int32_t id, bool first) const override;
    bool isSpecial(int32_t id) const override;
    std::optional<int32_t> idOf(std::string_view token) const override;
    std::optional<int32_t> endOfSequence() const override { return m_endOfSequence; }

private:
    /// A token's text as the decoder gets it: a view into the model, or one of m_addedForms.
    struct Entry {
        std::string_view form;
        bool known = false, special = false;
    };

    void encodePassage(Passage passage, std::vector<int32_t>& ids) const;
    void encodePieces(Pieces pieces, std::vector<int32_t>& ids) const;
    void fillTable(const std::vector<AddedToken>& added);
    const Entry* entryOf(int32_t id) const;

    BpeTokenizerParts m_parts;
    AddedTokens m_plain{{}, ""}, m_normalized{{}, ""};
    std::vector<std::string> m_addedForms;
    std::vector<Entry> m_byId;
    std::optional<int32_t> m_endOfSequence;
};

BpeTokenizer::BpeTokenizer(BpeTokenizerParts parts)
    : m_parts(std::move(parts))
{
    std::vector<AddedToken> plain, normalizedOnes;
    m_addedForms.reserve(m_parts.added.size());
    for (const AddedToken& token : m_parts.added) {
        AddedToken found = token;
        if (token.normalized) {
            Passage passage{token.content, true};
            m_parts.normalizer(passage);
            found.content = passage.text;
        }
        m_addedForms.push_back(found.content);
        (token.normalized ? normalizedOnes : plain).push_back(std::move(found));
    }
    fillTable(m_parts.added);
    m_plain = AddedTokens(std::move(plain), m_parts.where + ": added_tokens");
    m_normalized = AddedTokens(std::move(normalizedOnes), m_parts.where + ": added_tokens");
    if (m_parts.endOfSequence) {
        m_endOfSequence = idOf(*m_parts.endOfSequence);
        if (!m_endOfSequence)
            throw Error(
                "unknown end-of-sequence token \"" + m_parts.endOfSequence->substr(0, 80) + "\"",
                m_parts.where, "a token of this file as eos_token of tokenizer_config.json");
    }
}

void BpeTokenizer::fillTable(const std::vector<AddedToken>& added)
{
    const auto& vocab = m_parts.model.vocab();
    size_t ids = 0;
    for (const auto& [token, id] : vocab)
        ids = std::max(ids, static_cast<size_t>(id) + 1);
    for (const AddedToken& token : added)
        ids = std::max(ids, static_cast<size_t>(token.id) + 1);
    const size_t count = vocab.size() + added.size();
    if (ids > kSpareIds + 4 * count)
        throw Error("token id " + std::to_string(ids - 1) + " in a vocabulary of "
                + std::to_string(count) + " tokens",
            m_parts.where, "ids without large gaps");
    m_byId.resize(ids);
    for (const auto& [token, id] : vocab) {
        if (m_parts.model.find(token) == id)
            m_byId[static_cast<size_t>(id)] = {token, true, false};
    }
    for (size_t i = 0; i < added.size(); ++i)
        m_byId[static_cast<size_t>(added[i].id)] = {m_addedForms[i], true, added[i].special};
}

const BpeTokenizer::Entry* BpeTokenizer::entryOf(int32_t id) const
{
    const auto index = static_cast<size_t>(id);
    return id >= 0 && index < m_byId.size() && m_byId[index].known ? &m_byId[index] : nullptr;
}

std::vector<int32_t> BpeTokenizer::encode(std::string_view text) const
{
    checkUtf8(text);
    std::vector<int32_t> ids;
    ids.reserve(text.size() / 4);
    m_plain.split(text, [&](std::string_view part, const AddedToken* token) {
        if (token)
            ids.push_back(token->id);
        else
            encodePassage({std::string(part), part.data() == text.data()}, ids);
    });
    return ids;
}

void BpeTokenizer::encodePassage(Passage passage, std::vector<int32_t>& ids) const
{
    m_parts.normalizer(passage);
    m_normalized.split(passage.text, [&](std::string_view part, const AddedToken* token) {
        if (token)
            ids.push_back(token->id);
        else
            encodePieces({std::string(part), {{0, part.size()}},
                             passage.first && part.data() == passage.text.data()},
                ids);
    });
}

void BpeTokenizer::encodePieces(Pieces pieces, std::vector<int32_t>& ids) const
{
    m_parts.preTokenizer(pieces);
    const std::string_view text = pieces.text;
    for (const auto& [begin, end] : pieces.ranges)
        m_parts.model.encode(text.substr(begin, end - begin), ids);
}

std::vector<int32_t> BpeTokenizer::encodePrompt(std::string_view text) const
{
    std::vector<int32_t> ids = encode(text);
    m_parts.postProcessor(ids);
    return ids;
}

std::string BpeTokenizer::decode(const std::vector<int32_t>& ids, bool skipSpecial) const
{
    std::vector<std::string> tokens;
    tokens.reserve(ids.size());
    for (const int32_t id : ids) {
        if (id < 0 || id >= vocabSize())
            throw Error("token id " + std::to_string(id) + " is outside the vocabulary", "decode",
                "ids from 0 to " + std::to_string(vocabSize() - 1));
        const Entry* entry = entryOf(id);
        if (entry && !(skipSpecial && entry->special))
            tokens.emplace_back(entry->form);
    }
    return m_parts.decoder.decode(std::move(tokens));
}

std::string BpeTokenizer::bytesOf(int32_t id, bool first) const
{
    const Entry* entry = entryOf(id);
    return entry ? m_parts.decoder.bytesOf(entry->form, first) : std::string();
}

bool BpeTokenizer::isSpecial(int32_t id) const
{
    const Entry* entry = entryOf(id);
    return entry && entry->special;
}

std::optional<int32_t> BpeTokenizer::idOf(std::string_view token) const
{
    for (const AddedToken& added : m_parts.added) {
        if (added.content == token)
            return added.id;
    }
    return m_parts.model.find(token);
}

} // namespace

std::unique_ptr<Tokenizer> makeBpeTokenizer(BpeTokenizerParts parts)
{
    return std::make_unique<BpeTokenizer>(std::move(parts));
}

} // namespace moe::text
