// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <sentencepiece_trainer.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace moe::text {

namespace {

constexpr size_t kPassageBytes = 1500; // the library leaves sentences over 4,192 bytes out
constexpr int64_t kBytesAndSpecials = 256 + 3;

bool startsCharacter(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::vector<std::string> passagesOf(const std::function<std::optional<std::string>()>& next)
{
    std::vector<std::string> passages;
    while (const auto text = next()) {
        size_t first = 0;
        while (first < text->size()) {
            size_t end = std::min(text->size(), first + kPassageBytes);
            const size_t lineEnd = text->find('\n', end);
            if (lineEnd != std::string::npos && lineEnd < first + 2 * kPassageBytes)
                end = lineEnd + 1;
            while (end < text->size() && !startsCharacter((*text)[end]))
                ++end;
            passages.push_back(text->substr(first, end - first));
            first = end;
        }
    }
    return passages;
}

size_t characterEnd(const std::string& text, size_t first)
{
    size_t end = first + 1;
    while (end < text.size() && !startsCharacter(text[end]))
        ++end;
    return end;
}

/// Leaves as many of the commonest characters as the vocabulary may spend on single characters
/// (half of it) and cuts the passages where a rarer one stood: those are written as bytes.
std::vector<std::string> withoutRareCharacters(
    const std::vector<std::string>& passages, int64_t vocabSize)
{
    std::map<std::string, int64_t> counts;
    for (const std::string& passage : passages) {
        for (size_t first = 0; first < passage.size(); first = characterEnd(passage, first))
            ++counts[passage.substr(first, characterEnd(passage, first) - first)];
    }
    const auto affordable
        = static_cast<size_t>(std::max<int64_t>(1, (vocabSize - kBytesAndSpecials) / 2));
    if (counts.size() <= affordable)
        return passages;
    std::vector<std::pair<int64_t, std::string>> sorted;
    sorted.reserve(counts.size());
    for (const auto& [character, count] : counts)
        sorted.emplace_back(-count, character);
    std::sort(sorted.begin(), sorted.end());
    std::set<std::string> kept;
    for (size_t i = 0; i < affordable; ++i)
        kept.insert(sorted[i].second);

    std::vector<std::string> cut;
    for (const std::string& passage : passages) {
        cut.emplace_back();
        for (size_t first = 0; first < passage.size(); first = characterEnd(passage, first)) {
            const std::string character
                = passage.substr(first, characterEnd(passage, first) - first);
            if (kept.count(character))
                cut.back() += character;
            else if (!cut.back().empty())
                cut.emplace_back();
        }
        if (cut.back().empty())
            cut.pop_back();
    }
    return cut;
}

class Passages : public sentencepiece::SentenceIterator {
public:
    explicit Passages(const std::vector<std::string>& passages)
        : m_passages(passages)
    {
    }
    bool done() const override { return m_at >= m_passages.size(); }
    void Next() override { ++m_at; }
    const std::string& value() const override { return m_passages[m_at]; }
    sentencepiece::util::Status status() const override { return {}; }

private:
    const std::vector<std::string>& m_passages;
    size_t m_at = 0;
};

} // namespace

void trainTokenizer(const std::function<std::optional<std::string>()>& next, int64_t vocabSize,
    const std::filesystem::path& out)
{
    if (vocabSize <= kBytesAndSpecials || vocabSize > 1'000'000)
        throw Error("vocabulary size " + std::to_string(vocabSize) + " is out of range",
            out.string(),
            "from " + std::to_string(kBytesAndSpecials + 1)
                + " (256 bytes, three special pieces, one character) to 1000000");
    std::vector<std::string> passages = passagesOf(next);
    if (passages.empty())
        throw Error("no text to train a tokenizer on", out.string(), "name files that hold text");
    passages = withoutRareCharacters(passages, vocabSize);
    passages.emplace_back(" "); // the space always gets a piece: its bytes would decode to U+2581
    Passages iterator(passages);
    std::string model;
    // Lossless: identity normalisation, bytes for what has no piece, every space kept. A small
    // corpus may not yield as many pieces as asked for: then the vocabulary is smaller
    // (hard_vocab_limit).
    const auto status = sentencepiece::SentencePieceTrainer::Train(
        {{"model_type", "bpe"}, {"vocab_size", std::to_string(vocabSize)},
            {"byte_fallback", "true"}, {"normalization_rule_name", "identity"},
            {"add_dummy_prefix", "false"}, {"remove_extra_whitespaces", "false"},
            {"split_digits", "true"}, {"hard_vocab_limit", "false"}, {"character_coverage", "1.0"},
            {"num_threads", "2"}, {"minloglevel", "3"}},
        &iterator, &model);
    if (!status.ok() || model.empty())
        throw Error("no tokenizer can be trained", out.string(),
            "more text, or another --vocab-size than " + std::to_string(vocabSize));
    base::writeFileAtomically(out, model);
}

} // namespace moe::text
