// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/pre_tokenizer.h"

#include "engine/text/byte_alphabet.h"
#include "engine/text/component_reader.h"
#include "engine/text/unicode.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace moe::text {

namespace {

using Range = Pieces::Range;

constexpr const char* kGpt2Pattern
    = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// A stretch of a piece, in order, that the pattern matched or not.
struct Stretch {
    Range range;
    bool matched;
};

/// What of a piece each behaviour keeps. Neighbours are merged as the `tokenizers` library does: an
/// empty match counts as a match.
std::vector<Range> keep(const std::vector<Stretch>& stretches, SplitBehavior behavior)
{
    std::vector<Range> kept;
    bool before = false;
    const auto forward = [&](auto merges) {
        for (const auto& [range, matched] : stretches) {
            if (!kept.empty() && merges(matched))
                kept.back().end = range.end;
            else
                kept.push_back(range);
            before = matched;
        }
    };
    switch (behavior) {
    case SplitBehavior::Removed:
        for (const auto& [range, matched] : stretches) {
            if (!matched)
                kept.push_back(range);
        }
        break;
    case SplitBehavior::Isolated:
        forward([](bool) { return false; });
        break;
    case SplitBehavior::Contiguous:
        forward([&](bool matched) { return matched == before; });
        break;
    case SplitBehavior::MergedWithPrevious:
        forward([&](bool matched) { return matched && !before; });
        break;
    case SplitBehavior::MergedWithNext:
        for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
            if (!kept.empty() && stretch->matched && !before)
                kept.back().begin = stretch->range.begin;
            else
                kept.push_back(stretch->range);
            before = stretch->matched;
        }
        std::reverse(kept.begin(), kept.end());
        break;
    }
    return kept;
}

/// Cuts each piece; `find(piece, match)` calls match(begin, end) for what the pattern matches.
template <typename Find>
void split(Pieces& pieces, SplitBehavior behavior, bool invert, const Find& find)
{
    std::vector<Range> cut;
    cut.reserve(pieces.ranges.size());
    const size_t firstBegin = pieces.ranges.empty() ? 0 : pieces.ranges.front().begin;
    std::vector<Stretch> stretches;
    for (const Range& piece : pieces.ranges) {
        const std::string_view text
            = std::string_view(pieces.text).substr(piece.begin, piece.end - piece.begin);
        stretches.clear();
        size_t done = 0;
        find(text, [&](size_t begin, size_t end) {
            if (begin > done)
                stretches.push_back({{piece.begin + done, piece.begin + begin}, invert});
            stretches.push_back({{piece.begin + begin, piece.begin + end}, !invert});
            done = end;
        });
        if (done < text.size())
            stretches.push_back({{piece.begin + done, piece.end}, invert});
        for (const Range& range : keep(stretches, behavior)) {
            if (range.end > range.begin)
                cut.push_back(range);
        }
    }
    if (!cut.empty() && cut.front().begin != firstBegin)
        pieces.first = false;
    pieces.ranges = std::move(cut);
}

template <typename Is> PreTokenizer splitByCharacter(SplitBehavior behavior, Is is)
{
    return [behavior, is](Pieces& pieces) {
        split(pieces, behavior, false, [&](std::string_view text, const auto& match) {
            for (size_t at = 0; at < text.size();) {
                const size_t begin = at;
                if (is(nextCodePoint(text, at)))
                    match(begin, at);
            }
        });
    };
}

/// Writes every piece anew: `write(piece, isFirst, out)`.
template <typename Write> void rewrite(Pieces& pieces, const Write& write)
{
    std::string text;
    text.reserve(pieces.text.size() + pieces.text.size() / 4 + 16);
    bool isFirst = pieces.first;
    for (Range& range : pieces.ranges) {
        const size_t begin = text.size();
        write(std::string_view(pieces.text).substr(range.begin, range.end - range.begin), isFirst,
            text);
        range = {begin, text.size()};
        isFirst = false;
    }
    pieces.text = std::move(text);
}

SplitBehavior readBehavior(base::ObjectReader& reader, const std::string& fallback)
{
    const std::vector<std::string> names
        = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"};
    const std::string name = reader.choice("behavior", names, fallback);
    return static_cast<SplitBehavior>(std::find(names.begin(), names.end(), name) - names.begin());
}

PreTokenizer metaspace(base::ObjectReader& reader)
{
    std::string mark;
    appendUtf8(mark, readCharacter(reader, "replacement"));
    std::string scheme = reader.choice("prepend_scheme", {"always", "first", "never"}, "always");
    if (!reader.boolean("add_prefix_space", true)) {
        if (scheme != "never" && reader.has("prepend_scheme"))
            throw Error("add_prefix_space and prepend_scheme disagree", reader.at("prepend_scheme"),
                "\"never\" when add_prefix_space is false");
        scheme = "never";
    }
    reader.know("str_rep");
    const bool splits = reader.boolean("split", true);
    const PreTokenizer cut = splits ? splitBy(Regex::literal(mark, reader.at("replacement")),
                                 SplitBehavior::MergedWithNext, false)
                                    : [](Pieces&) {
                                      };
    return [=](Pieces& pieces) {
        rewrite(pieces, [&](std::string_view piece, bool isFirst, std::string& out) {
            const bool marked = piece.starts_with(' ') || piece.starts_with(mark);
            if (!marked && (scheme == "always" || (scheme == "first" && isFirst)))
                out += mark;
            for (const char c : piece) {
                if (c == ' ')
                    out += mark;
                else
                    out += c;
            }
        });
        cut(pieces);
    };
}

PreTokenizer sequence(base::ObjectReader& reader)
{
    std::vector<PreTokenizer> members;
    for (const Component& member : readSequence(reader, "pretokenizers"))
        members.push_back(parsePreTokenizer(*member.json, member.where));
    return [members](Pieces& pieces) {
        const size_t most = mostBytesOf(pieces.text.size());
        for (const PreTokenizer& member : members) {
            member(pieces);
            checkGrowth(pieces.text.size(), most);
        }
    };
}

PreTokenizer bert()
{
    return [spaces = splitByCharacter(SplitBehavior::Removed, isWhitespace),
               signs = splitByCharacter(SplitBehavior::Isolated, isPunctuation)](Pieces& pieces) {
        spaces(pieces);
        signs(pieces);
    };
}

PreTokenizer parseByteLevel(base::ObjectReader& reader)
{
    reader.know("trim_offsets"); // moves offsets, never ids
    const bool addPrefixSpace = reader.boolean("add_prefix_space", true);
    return byteLevel(addPrefixSpace, reader.boolean("use_regex", true));
}

} // namespace

PreTokenizer splitBy(const Regex& pattern, SplitBehavior behavior, bool invert)
{
    return [=](Pieces& pieces) {
        RegexScan scan(pattern);
        split(pieces, behavior, invert,
            [&](std::string_view text, const auto& match) { scan.forEachMatch(text, match); });
    };
}

PreTokenizer byteLevel(bool addPrefixSpace, bool useRegex)
{
    const PreTokenizer cut = useRegex
        ? splitBy(Regex(kGpt2Pattern, "ByteLevel"), SplitBehavior::Isolated, false)
        : [](Pieces&) {
          };
    return [=](Pieces& pieces) {
        if (addPrefixSpace) {
            rewrite(pieces, [](std::string_view piece, bool, std::string& out) {
                if (!piece.starts_with(' '))
                    out += ' ';
                out += piece;
            });
        }
        cut(pieces);
        rewrite(pieces, [](std::string_view piece, bool, std::string& out) {
            for (const char c : piece)
                out += byteCharacters()[static_cast<unsigned char>(c)];
        });
    };
}

PreTokenizer parsePreTokenizer(const base::Json& json, const std::string& where)
{
    if (json.is_null())
        return [](Pieces&) {
        };
    base::ObjectReader reader(json, where);
    const std::string kind = reader.text("type");
    PreTokenizer result;
    if (kind == "ByteLevel") {
        result = parseByteLevel(reader);
    } else if (kind == "Split") {
        const Regex pattern = readPattern(reader);
        const SplitBehavior behavior = readBehavior(reader, "");
        result = splitBy(pattern, behavior, reader.boolean("invert", false));
    } else if (kind == "Digits") {
        const bool each = reader.boolean("individual_digits", false);
        result = splitByCharacter(
            each ? SplitBehavior::Isolated : SplitBehavior::Contiguous, isNumeric);
    } else if (kind == "Metaspace") {
        result = metaspace(reader);
    } else if (kind == "Punctuation") {
        result = splitByCharacter(readBehavior(reader, "Isolated"), isPunctuation);
    } else if (kind == "Whitespace") {
        result = splitBy(Regex("[\\w\\x{200C}\\x{200D}]+|[^\\w\\s\\x{200C}\\x{200D}]+", where),
            SplitBehavior::Removed, true);
    } else if (kind == "WhitespaceSplit") {
        result = splitByCharacter(SplitBehavior::Removed, isWhitespace);
    } else if (kind == "BertPreTokenizer") {
        result = bert();
    } else if (kind == "Sequence") {
        result = sequence(reader);
    } else {
        refuseComponent("the pre-tokenizer", kind, where);
    }
    reader.finish();
    return result;
}

} // namespace moe::text
