// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/token_decoder.h"

#include "engine/base/files.h"
#include "engine/text/byte_alphabet.h"
#include "engine/text/component_reader.h"
#include "engine/text/normalizer.h"
#include "engine/text/unicode.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace moe::text {

namespace {

std::string joined(const std::vector<std::string>& tokens, std::string_view between)
{
    std::string text;
    for (size_t i = 0; i < tokens.size(); ++i) {
        if (i > 0)
            text += between;
        text += tokens[i];
    }
    return text;
}

std::string replaced(std::string_view token, const Regex& pattern, const std::string& content)
{
    std::string text;
    const size_t most = mostBytesOf(token.size());
    size_t done = 0;
    RegexScan(pattern).forEachMatch(token, [&](size_t begin, size_t end) {
        text += token.substr(done, begin - done);
        text += content;
        checkGrowth(text.size(), most);
        done = end;
    });
    text += token.substr(done);
    return text;
}

std::string withoutMark(std::string_view token, std::string_view mark, std::string_view instead)
{
    std::string text;
    for (size_t at = 0; at < token.size();) {
        if (token.substr(at).starts_with(mark)) {
            text += instead;
            at += mark.size();
        } else {
            text += token[at++];
        }
    }
    return text;
}

std::string stripped(
    std::string_view token, std::string_view character, int64_t start, int64_t stop)
{
    for (; start > 0 && token.starts_with(character); --start)
        token.remove_prefix(character.size());
    for (; stop > 0 && token.ends_with(character); --stop)
        token.remove_suffix(character.size());
    return std::string(token);
}

/// The byte of "<0xAB>".
std::optional<char> byteToken(std::string_view token)
{
    unsigned value = 0;
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
        return std::nullopt;
    const auto [end, error] = std::from_chars(&token[3], &token[5], value, 16);
    if (error != std::errc() || end != &token[5])
        return std::nullopt;
    return static_cast<char>(value);
}

/// A run of byte tokens is the text that it spells, or one U+FFFD for each when it spells none.
std::vector<std::string> spelled(const std::vector<std::string>& tokens)
{
    std::vector<std::string> result;
    std::string run;
    const auto finishRun = [&] {
        if (run.empty())
            return;
        if (!base::findInvalidUtf8(run))
            result.push_back(run);
        else
            result.insert(result.end(), run.size(), "\xEF\xBF\xBD");
        run.clear();
    };
    for (const std::string& token : tokens) {
        if (const auto byte = byteToken(token)) {
            run += *byte;
        } else {
            finishRun();
            result.push_back(token);
        }
    }
    finishRun();
    return result;
}

std::string alphabetBytes(std::string_view token)
{
    std::string bytes;
    if (!appendSpelledBytes(bytes, token))
        bytes = token;
    return bytes;
}

} // namespace

TokenDecoder::TokenDecoder(const base::Json& json, const std::string& where)
    : m_joinsWithSpaces(json.is_null())
{
    if (!json.is_null())
        add(json, where);
}

void TokenDecoder::add(const base::Json& json, const std::string& where)
{
    base::ObjectReader reader(json, where);
    const std::string kind = reader.text("type");
    if (kind == "Sequence") {
        for (const Component& member : readSequence(reader, "decoders"))
            add(*member.json, member.where);
    } else if (kind == "ByteLevel") {
        for (const char* key : {"add_prefix_space", "trim_offsets", "use_regex"})
            reader.know(key); // of the pre-tokenizer of that name
        m_steps.push_back({Kind::ByteLevel, {}, {}});
    } else if (kind == "ByteFallback") {
        m_steps.push_back({Kind::ByteFallback, {}, {}});
    } else if (kind == "Fuse") {
        m_steps.push_back({Kind::Fuse, {}, {}});
    } else if (kind == "Replace") {
        const Regex pattern = readPattern(reader);
        m_steps.push_back({Kind::Replace, pattern, reader.text("content")});
    } else if (kind == "Metaspace") {
        Step step{Kind::Metaspace, {}, {}};
        appendUtf8(step.text, readCharacter(reader, "replacement"));
        step.dropsFirst = reader.boolean("add_prefix_space", true)
            && reader.choice("prepend_scheme", {"always", "first", "never"}, "always") != "never";
        for (const char* key : {"str_rep", "split", "prepend_scheme"})
            reader.know(key);
        m_steps.push_back(step);
    } else if (kind == "Strip") {
        Step step{Kind::Strip, {}, {}};
        appendUtf8(step.text, readCharacter(reader, "content"));
        step.start = reader.integer("start", 0, INT32_MAX);
        step.stop = reader.integer("stop", 0, INT32_MAX);
        m_steps.push_back(step);
    } else {
        refuseComponent("the decoder", kind, where);
    }
    reader.finish();
}

void TokenDecoder::apply(const Step& step, std::vector<std::string>& tokens)
{
    switch (step.kind) {
    case Kind::ByteLevel: {
        std::string bytes;
        for (const std::string& token : tokens)
            bytes += alphabetBytes(token);
        tokens = {replaceInvalidUtf8(bytes)};
        break;
    }
    case Kind::ByteFallback:
        tokens = spelled(tokens);
        break;
    case Kind::Fuse:
        tokens = {joined(tokens, "")};
        break;
    case Kind::Metaspace:
        for (size_t i = 0; i < tokens.size(); ++i)
            tokens[i] = withoutMark(tokens[i], step.text, i == 0 && step.dropsFirst ? "" : " ");
        break;
    case Kind::Replace:
        for (std::string& token : tokens)
            token = replaced(token, *step.pattern, step.text);
        break;
    case Kind::Strip:
        for (std::string& token : tokens)
            token = stripped(token, step.text, step.start, step.stop);
        break;
    }
}

std::string TokenDecoder::decode(std::vector<std::string> tokens) const
{
    const auto bytes = [&] {
        size_t sum = 0;
        for (const std::string& token : tokens)
            sum += token.size();
        return sum;
    };
    const size_t most = mostBytesOf(bytes());
    for (const Step& step : m_steps) {
        apply(step, tokens);
        checkGrowth(bytes(), most);
    }
    return joined(tokens, m_joinsWithSpaces ? " " : "");
}

std::string TokenDecoder::bytesOf(std::string_view token, bool first) const
{
    std::string text(token);
    if (m_joinsWithSpaces && !first)
        text.insert(0, " ");
    bool fused = false;
    for (const Step& step : m_steps) {
        if (step.kind == Kind::ByteLevel) {
            text = alphabetBytes(text);
        } else if (step.kind == Kind::ByteFallback) {
            if (const auto byte = byteToken(text))
                return {*byte};
        } else if (step.kind == Kind::Fuse) {
            fused = true;
        } else if (step.kind == Kind::Metaspace) {
            text = withoutMark(text, step.text, first && step.dropsFirst ? "" : " ");
        } else if (step.kind == Kind::Replace) {
            text = replaced(text, *step.pattern, step.text);
        } else if (!fused || first) {
            // Of a fused text the end is not known yet: only the beginning is stripped.
            text = stripped(text, step.text, step.start, fused ? 0 : step.stop);
        }
    }
    return text;
}

} // namespace moe::text
