// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/corpus_sources.h"

#include "engine/base/files.h"
#include "engine/base/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace moe::text {

namespace {

SourceFile describe(const std::filesystem::path& path)
{
    return {
        path, path.extension() == ".jsonl", static_cast<int64_t>(std::filesystem::file_size(path))};
}

std::vector<SourceFile> filesBelow(const std::filesystem::path& folder)
{
    std::vector<std::string> relative;
    try {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (!entry.is_symlink() && entry.is_regular_file())
                relative.push_back(entry.path().lexically_relative(folder).string());
        }
    } catch (const std::filesystem::filesystem_error& error) {
        throw Error("cannot read a folder",
            error.path1().empty() ? folder.string() : error.path1().string(),
            "check its permissions");
    }
    std::sort(relative.begin(), relative.end());
    std::vector<SourceFile> files;
    files.reserve(relative.size());
    for (const std::string& path : relative)
        files.push_back(describe(folder / path));
    return files;
}

[[noreturn]] void refuseSource(const std::filesystem::path& path, std::filesystem::file_type type)
{
    using Type = std::filesystem::file_type;
    const char* const wanted = "name text files, .jsonl files or folders";
    switch (type) {
    case Type::not_found:
        throw Error("no such file or folder", path.string(), wanted);
    case Type::fifo:
    case Type::socket:
        // A corpus is read twice: to train the tokenizer, and to be encoded.
        throw Error("a pipe cannot be read twice", path.string(),
            "write what comes through it to a file, and name that");
    case Type::character:
    case Type::block:
        throw Error("a device is no text", path.string(), wanted);
    default:
        throw Error("cannot read", path.string(), "check its permissions");
    }
}

constexpr const char* kInvalidRemedy
    = "convert the file, or leave such files out with --skip-invalid";

void requireUtf8(std::string_view text, const std::filesystem::path& path)
{
    if (const char* bad = base::findInvalidUtf8(text))
        throw InvalidText("not valid UTF-8",
            path.string() + " at byte " + std::to_string(bad - text.data()), kInvalidRemedy);
}

/// The UTF-16 unit of the escape \uXXXX at `text`; 0 for anything else.
unsigned escapedUnit(std::string_view text)
{
    unsigned unit = 0;
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u')
        return 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
    return error == std::errc() && end == text.data() + 6 ? unit : 0;
}

/// Escapes may name half a character, which no UTF-8 holds: JSON readers differ in what they make
/// of it.
void requireWholeCharacters(std::string_view row, const std::string& where)
{
    const auto isHigh = [](unsigned unit) {
        return unit >= 0xD800 && unit < 0xDC00;
    };
    const auto isLow = [](unsigned unit) {
        return unit >= 0xDC00 && unit < 0xE000;
    };
    for (size_t at = row.find('\\'); at < row.size(); at = row.find('\\', at)) {
        const unsigned unit = escapedUnit(row.substr(at));
        const bool pair = isHigh(unit) && isLow(escapedUnit(row.substr(at + 6)));
        if (!pair && (isHigh(unit) || isLow(unit)))
            throw InvalidText("half a character (" + std::string(row.substr(at, 6)) + ")",
                where + " at byte " + std::to_string(at), kInvalidRemedy);
        at += pair ? 12 : 2;
    }
}

} // namespace

std::vector<SourceFile> listSources(const std::vector<std::filesystem::path>& sources)
{
    std::vector<SourceFile> files;
    for (const std::filesystem::path& source : sources) {
        std::error_code failed;
        const auto type = std::filesystem::status(source, failed).type();
        if (type == std::filesystem::file_type::directory) {
            const std::vector<SourceFile> below = filesBelow(source);
            files.insert(files.end(), below.begin(), below.end());
        } else if (type == std::filesystem::file_type::regular) {
            files.push_back(describe(source));
        } else {
            refuseSource(source, type);
        }
    }
    return files;
}

void forEachDocument(const SourceFile& file, const std::string& jsonlKey,
    const std::function<void(const std::string&)>& document)
{
    const std::string text = base::readFile(file.path, INT64_C(16) << 30);
    requireUtf8(text, file.path);
    if (!file.jsonl) {
        document(text);
        return;
    }
    size_t first = 0;
    for (int64_t line = 1; first < text.size(); ++line) {
        const size_t end = std::min(text.find('\n', first), text.size());
        const std::string_view row = std::string_view(text).substr(first, end - first);
        first = end + 1;
        if (row.find_first_not_of(" \t\r") == std::string_view::npos)
            continue;
        const std::string where = file.path.string() + " line " + std::to_string(line);
        requireWholeCharacters(row, where);
        const base::Json object = base::parseJson(row, where);
        document(base::ObjectReader(object, where).text(jsonlKey));
    }
}

} // namespace moe::text
