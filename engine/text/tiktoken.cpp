// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/text/bpe_tokenizer.h"
#include "engine/text/byte_alphabet.h"
#include "engine/text/tokenizer_config.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

namespace moe::text {

namespace {

constexpr int64_t kMostBytes = INT64_C(256) << 20;
constexpr int32_t kMostRank = 1 << 30; // special tokens have the ids behind it
constexpr size_t kLongestToken = 512; // every way to cut a token in two is looked up

/// How a family cuts text and which tokens follow its ranks.
struct Family {
    const char* modelType; ///< of config.json
    const char* pattern;
    bool composes; ///< NFC first
    std::vector<const char*> special; ///< in order of their ids, from the number of ranks on
};

constexpr const char* kQwenPattern
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlamaPattern
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kO200kPattern
    = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

const std::vector<Family>& families()
{
    static const std::vector<const char*> qwen = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    static const std::vector<const char*> llama = {"<|begin_of_text|>", "<|end_of_text|>",
        "<|reserved_special_token_0|>", "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>",
        "<|reserved_special_token_2|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
        "<|eot_id|>"};
    static const std::vector<Family> known
        = {{"qwen", kQwenPattern, true, qwen}, {"qwen2", kQwenPattern, true, qwen},
            {"qwen2_moe", kQwenPattern, true, qwen}, {"qwen3", kQwenPattern, true, qwen},
            {"qwen3_moe", kQwenPattern, true, qwen}, {"llama", kLlamaPattern, false, llama},
            {"skywork", kLlamaPattern, false, llama}, // what upcycling makes of a Llama
            {"gpt_oss", kO200kPattern, false,
                {"<|startoftext|>", "<|endoftext|>", "<|reserved_200000|>", "<|reserved_200001|>",
                    "<|return|>", "<|constrain|>", "<|reserved_200004|>", "<|channel|>",
                    "<|start|>", "<|end|>", "<|message|>", "<|reserved_200009|>",
                    "<|reserved_200010|>", "<|reserved_200011|>", "<|call|>"}}};
    return known;
}

const Family& familyOf(const std::filesystem::path& file)
{
    const std::filesystem::path config = file.parent_path() / "config.json";
    if (!std::filesystem::exists(config))
        throw Error("a *.tiktoken file does not say how it cuts text", file.string(),
            "put the model's config.json beside it");
    const base::Json json = base::readJsonFile(config);
    const std::string type = base::ObjectReader(json, config.string()).text("model_type");
    for (const Family& family : families()) {
        if (type == family.modelType)
            return family;
    }
    throw Error("tiktoken ranks of model type \"" + type.substr(0, 80) + "\" are not implemented",
        config.string(), "qwen, qwen2, qwen3, llama or gpt_oss, or a tokenizer.json");
}

int sextetOf(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::string> fromBase64(std::string_view text)
{
    std::string bytes;
    uint32_t bits = 0;
    int count = 0;
    while (text.ends_with('='))
        text.remove_suffix(1);
    for (const char c : text) {
        const int sextet = sextetOf(c);
        if (sextet < 0)
            return std::nullopt;
        bits = bits << 6 | static_cast<uint32_t>(sextet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xFF);
        }
    }
    return bytes;
}

using Ranks = std::vector<std::pair<std::string, int32_t>>;

Ranks readRanks(std::string_view text, const std::string& where)
{
    Ranks ranks;
    for (size_t line = 1; !text.empty(); ++line) {
        std::string_view row = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), row.size() + 1));
        if (row.ends_with('\r'))
            row.remove_suffix(1);
        if (row.empty())
            continue;
        const size_t space = std::min(row.size(), row.find(' '));
        const auto bytes = fromBase64(row.substr(0, space));
        const std::string_view number = row.substr(std::min(row.size(), space + 1));
        int32_t rank = -1;
        const auto [end, error]
            = std::from_chars(number.data(), number.data() + number.size(), rank);
        if (!bytes || bytes->empty() || bytes->size() > kLongestToken || error != std::errc()
            || end != number.data() + number.size() || rank < 0 || rank >= kMostRank)
            throw Error("not a token and its rank", where + ": line " + std::to_string(line),
                "base64 of 1 to 512 bytes, a space, a whole number below 2^30");
        ranks.emplace_back(*bytes, rank);
    }
    if (ranks.empty())
        throw Error("no ranks", where, "a token and its rank on each line");
    std::sort(ranks.begin(), ranks.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    return ranks;
}

std::string spelledOut(std::string_view bytes)
{
    std::string text;
    for (const char byte : bytes)
        text += byteCharacters()[static_cast<unsigned char>(byte)];
    return text;
}

/// Two neighbours may merge when their joined bytes have a rank: every way to cut each token.
BpeParts partsOf(const Ranks& ranks)
{
    BpeParts parts;
    parts.ignoreMerges = true;
    std::unordered_map<std::string_view, size_t> places;
    for (size_t i = 0; i < ranks.size(); ++i)
        places[ranks[i].first] = i;
    for (const auto& [bytes, rank] : ranks)
        parts.vocab.emplace_back(spelledOut(bytes), rank);
    for (const auto& [bytes, rank] : ranks) {
        const std::string_view whole = bytes;
        for (size_t cut = 1; cut < whole.size(); ++cut) {
            const auto left = places.find(whole.substr(0, cut));
            const auto right = places.find(whole.substr(cut));
            if (left == places.end() || right == places.end())
                continue;
            parts.merges.emplace_back(
                parts.vocab[left->second].first, parts.vocab[right->second].first);
            parts.ranks.push_back(static_cast<uint32_t>(rank));
        }
    }
    return parts;
}

std::vector<AddedToken> specialTokens(
    const Family& family, const TokenizerConfig& config, int32_t first)
{
    if (!config.addedTokens.empty())
        return config.addedTokens;
    std::vector<AddedToken> tokens;
    tokens.reserve(family.special.size());
    for (const char* content : family.special)
        tokens.push_back({content, first++, true});
    if (family.modelType == std::string_view("qwen")) {
        for (int i = 0; i < 205; ++i)
            tokens.push_back({"<|extra_" + std::to_string(i) + "|>", first++, true});
    }
    return tokens;
}

} // namespace

std::unique_ptr<Tokenizer> loadTiktoken(const std::filesystem::path& file)
{
    const Family& family = familyOf(file);
    const std::string where = file.string();
    const Ranks ranks = readRanks(base::readFile(file, kMostBytes), where);
    const TokenizerConfig config = readTokenizerConfig(file);
    const base::Json form{{"type", "NFC"}}, decoder{{"type", "ByteLevel"}};
    const PreTokenizer cut = splitBy(Regex(family.pattern, where), SplitBehavior::Isolated, false);
    const PreTokenizer spell = byteLevel(false, false);
    BpeTokenizerParts parts{where, Bpe(partsOf(ranks), where),
        specialTokens(family, config, ranks.back().second + 1),
        parseNormalizer(family.composes ? form : base::Json(), where),
        [cut, spell](Pieces& pieces) {
            cut(pieces);
            spell(pieces);
        },
        [](std::vector<int32_t>&) {}, TokenDecoder(decoder, where), config.named("eos_token")};
    return makeBpeTokenizer(std::move(parts));
}

} // namespace moe::text
