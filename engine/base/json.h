// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::base {

/// Object keys keep their order, so that what we write reads as people wrote it.
using Json = nlohmann::ordered_json;

/// Throws moe::Error naming `where` and the byte offset of what does not parse.
Json parseJson(std::string_view text, const std::string& where);
Json readJsonFile(const std::filesystem::path& path);
/// The same for what people write by hand: a key that stands twice in an object is an error that
/// names it (programs write none, and the parser would keep one of the two without a word).
Json parseHandwrittenJson(std::string_view text, const std::string& where);

/// How different two words are: edits as a share of the longer one's length, from 0 (the same)
/// to 1.
double wordDistance(std::string_view a, std::string_view b);
/// The candidate closest to `word` by edit distance, or empty when none is near.
std::string nearestWord(std::string_view word, const std::vector<std::string>& candidates);

/// Checked reading of one JSON object: every get names file and key in its errors, and finish()
/// refuses keys that nobody asked for, naming the nearest known one.
class ObjectReader {
public:
    /// `where` is the file; `path` the dotted key of this object ("" for the root). Throws when not
    /// an object.
    ObjectReader(const Json& object, std::string where, std::string path = "");

    bool has(const std::string& key); ///< present and not null
    const Json* raw(const std::string& key); ///< null when absent
    ObjectReader object(const std::string& key); ///< throws when absent or not an object

    std::string text(const std::string& key);
    std::string text(const std::string& key, const std::string& fallback);
    std::string choice(const std::string& key, const std::vector<std::string>& allowed,
        const std::string& fallback);
    int64_t integer(const std::string& key, int64_t least, int64_t most);
    int64_t integer(const std::string& key, int64_t least, int64_t most, int64_t fallback);
    double number(const std::string& key, double least, double most);
    double number(const std::string& key, double least, double most, double fallback);
    bool boolean(const std::string& key, bool fallback);

    /// Counts `key` as known without reading it.
    void know(const std::string& key);
    std::vector<std::string> unknown() const; ///< keys that nobody asked for
    void finish() const;

    /// "file: a.b.key" for messages of the caller's own.
    std::string at(const std::string& key) const;
    const std::string& where() const { return m_where; }

private:
    const Json& require(const std::string& key);

    const Json* m_object;
    std::string m_where, m_path;
    std::vector<std::string> m_known;
};

} // namespace moe::base
