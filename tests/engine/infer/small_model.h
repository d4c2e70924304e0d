// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/files.h"
#include "engine/base/json.h"
#include "tests/support/folders.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace moe::tests {

/// A fixture of tests/fixtures/models in `folder`/NAME, with a byte-level tokenizer of its 103 ids:
/// 0 to 2 are special, 3 to 28 the letters, 29 to 31 the bytes of 你, 32 a space, and from 33 on
/// pairs of letters.
inline std::filesystem::path smallModel(
    const std::filesystem::path& folder, const std::string& name)
{
    namespace fs = std::filesystem;
    const fs::path to = folder / name;
    fs::copy(fs::path(tests::inSource("tests/fixtures/models")) / name, to);
    base::Json vocabulary{{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
    for (int i = 0; i < 26; ++i)
        vocabulary[std::string(1, static_cast<char>('a' + i))] = 3 + i;
    // As GPT-2's alphabet writes the bytes E4, BD, A0 and 20.
    const char* bytes[] = {"\u00e4", "\u00bd", "\u0142", "\u0120"};
    for (int i = 0; i < 4; ++i)
        vocabulary[bytes[i]] = 29 + i;
    for (int i = 0; i < 70; ++i)
        vocabulary[std::string{static_cast<char>('a' + i / 26), static_cast<char>('a' + i % 26)}]
            = 33 + i;
    base::Json added = base::Json::array();
    for (int id = 0; id < 3; ++id)
        added.push_back({{"id", id},
            {"content",
                id == 0       ? "<unk>"
                    : id == 1 ? "<s>"
                              : "</s>"},
            {"single_word", false}, {"lstrip", false}, {"rstrip", false}, {"normalized", false},
            {"special", true}});
    const base::Json level{{"type", "ByteLevel"}, {"add_prefix_space", false},
        {"trim_offsets", true}, {"use_regex", true}};
    const base::Json tokenizer{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr},
        {"added_tokens", added}, {"normalizer", nullptr}, {"pre_tokenizer", level},
        {"post_processor", nullptr}, {"decoder", level},
        {"model",
            {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr},
                {"continuing_subword_prefix", nullptr}, {"end_of_word_suffix", nullptr},
                {"fuse_unk", false}, {"byte_fallback", false}, {"ignore_merges", false},
                {"vocab", vocabulary}, {"merges", base::Json::array()}}}};
    base::writeFileAtomically(to / "tokenizer.json", tokenizer.dump());
    return to;
}

} // namespace moe::tests
