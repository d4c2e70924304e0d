// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/tokenizer.h"

#include "engine/text/sentencepiece_tokenizer.h"
#include "kernels/error.h"

namespace moe::text {

std::optional<std::filesystem::path> findTokenizerFile(const std::filesystem::path& path)
{
    if (std::filesystem::is_directory(path)) {
        for (const char* name : {"tokenizer.model", "tokenizer.json"}) {
            if (std::filesystem::exists(path / name))
                return path / name;
        }
        return std::nullopt;
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

std::unique_ptr<Tokenizer> loadTokenizer(const std::filesystem::path& path)
{
    const auto file = findTokenizerFile(path);
    if (!file)
        throw Error(
            "no tokenizer", path.string(), "a folder with tokenizer.model, or a *.model file");
    if (file->extension() == ".json")
        throw Error("tokenizer.json is not read by this version", file->string(),
            "name a SentencePiece *.model file");
    return loadSentencePiece(*file);
}

} // namespace moe::text
