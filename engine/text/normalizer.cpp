// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/normalizer.h"

#include "engine/text/component_reader.h"
#include "engine/text/unicode.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::text {

namespace {

Normalizer inForm(NormalForm form)
{
    return [form](Passage& passage) {
        passage.text = normalized(passage.text, form);
    };
}

void lowercase(Passage& passage)
{
    std::string lower;
    lower.reserve(passage.text.size());
    for (size_t at = 0; at < passage.text.size();)
        appendLower(lower, nextCodePoint(passage.text, at));
    passage.text = std::move(lower);
}

void stripAccents(Passage& passage)
{
    std::string kept;
    for (size_t at = 0; at < passage.text.size();) {
        const bool atStart = at == 0;
        const char32_t c = nextCodePoint(passage.text, at);
        if (!isMark(c))
            appendUtf8(kept, c);
        else if (atStart)
            passage.first = false;
    }
    passage.text = std::move(kept);
}

void strip(Passage& passage, bool left, bool right)
{
    std::string_view text = passage.text;
    while (left && !text.empty()) {
        size_t at = 0;
        if (!isWhitespace(nextCodePoint(text, at)))
            break;
        text.remove_prefix(at);
        passage.first = false;
    }
    while (right && !text.empty()) {
        const size_t last = lastCharacter(text);
        size_t at = last;
        if (!isWhitespace(nextCodePoint(text, at)))
            break;
        text.remove_suffix(text.size() - last);
    }
    passage.text = std::string(text);
}

void replace(Passage& passage, const Regex& pattern, const std::string& content)
{
    std::string result;
    const size_t most = mostBytesOf(passage.text.size());
    size_t done = 0;
    RegexScan(pattern).forEachMatch(passage.text, [&](size_t begin, size_t end) {
        result.append(passage.text, done, begin - done);
        result += content;
        checkGrowth(result.size(), most);
        if (begin == 0 && end > 0 && content.empty())
            passage.first = false;
        done = end;
    });
    result.append(passage.text, done);
    passage.text = std::move(result);
}

} // namespace

void checkGrowth(size_t bytes, size_t most)
{
    if (bytes > most)
        throw Error("the tokenizer makes far more bytes of a text than it had",
            std::to_string(most) + " bytes", "another tokenizer.json");
}

Normalizer parseNormalizer(const base::Json& json, const std::string& where)
{
    if (json.is_null())
        return [](Passage&) {
        };
    base::ObjectReader reader(json, where);
    const std::string kind = reader.text("type");
    Normalizer result;
    if (kind == "NFC") {
        result = inForm(NormalForm::C);
    } else if (kind == "NFD") {
        result = inForm(NormalForm::D);
    } else if (kind == "NFKC") {
        result = inForm(NormalForm::KC);
    } else if (kind == "NFKD") {
        result = inForm(NormalForm::KD);
    } else if (kind == "Lowercase") {
        result = lowercase;
    } else if (kind == "StripAccents") {
        result = stripAccents;
    } else if (kind == "Strip") {
        const bool left = reader.boolean("strip_left", true);
        const bool right = reader.boolean("strip_right", true);
        result = [=](Passage& passage) {
            strip(passage, left, right);
        };
    } else if (kind == "Prepend") {
        result = [prefix = reader.text("prepend")](Passage& passage) {
            if (!passage.text.empty())
                passage.text.insert(0, prefix);
        };
    } else if (kind == "Replace") {
        const Regex pattern = readPattern(reader);
        result = [pattern, content = reader.text("content")](Passage& passage) {
            replace(passage, pattern, content);
        };
    } else if (kind == "Sequence") {
        std::vector<Normalizer> members;
        for (const Component& member : readSequence(reader, "normalizers"))
            members.push_back(parseNormalizer(*member.json, member.where));
        result = [members](Passage& passage) {
            const size_t most = mostBytesOf(passage.text.size());
            for (const Normalizer& member : members) {
                member(passage);
                checkGrowth(passage.text.size(), most);
            }
        };
    } else {
        refuseComponent("the normalizer", kind, where);
    }
    reader.finish();
    return result;
}

} // namespace moe::text
