// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/tokenizer.h"

#include "engine/base/files.h"
#include "engine/text/bpe_tokenizer.h"
#include "engine/text/sentencepiece_tokenizer.h"
#include "kernels/error.h"

namespace moe::text {

namespace {

std::optional<std::filesystem::path> findTiktoken(const std::filesystem::path& folder)
{
    std::optional<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".tiktoken")
            continue;
        if (found)
            throw Error("two tokenizers", folder.string(), "one *.tiktoken file");
        found = entry.path();
    }
    return found;
}

} // namespace

std::optional<std::filesystem::path> findTokenizerFile(const std::filesystem::path& path)
{
    if (std::filesystem::is_directory(path)) {
        for (const char* name : {"tokenizer.json", "tokenizer.model"}) {
            if (std::filesystem::exists(path / name))
                return path / name;
        }
        return findTiktoken(path);
    }
    for (const char* suffix : {".tokenizer.model", ".tokenizer.json"}) {
        std::filesystem::path beside = path.string() + suffix;
        if (std::filesystem::exists(beside))
            return beside;
    }
    if (std::filesystem::is_regular_file(path))
        return path;
    return std::nullopt;
}

std::filesystem::path tokenizerConfigOf(const std::filesystem::path& modelFile)
{
    const std::filesystem::path folder = modelFile.parent_path();
    const std::filesystem::path own = folder / (modelFile.stem().string() + "_config.json");
    return modelFile.stem() != "tokenizer" && std::filesystem::exists(own)
        ? own
        : folder / "tokenizer_config.json";
}

void checkUtf8(std::string_view text, const std::string& where)
{
    if (const char* bad = base::findInvalidUtf8(text))
        throw Error("the text is not UTF-8",
            (where.empty() ? "" : where + ", ") + "byte " + std::to_string(bad - text.data()),
            "save it as UTF-8");
}

std::unique_ptr<Tokenizer> loadTokenizer(const std::filesystem::path& path)
{
    const auto file = findTokenizerFile(path);
    if (!file)
        throw Error("no tokenizer", path.string(),
            "a folder with tokenizer.json, tokenizer.model or a *.tiktoken file");
    if (file->extension() == ".json")
        return loadTokenizerJson(*file);
    if (file->extension() == ".tiktoken")
        return loadTiktoken(*file);
    return loadSentencePiece(*file);
}

} // namespace moe::text
