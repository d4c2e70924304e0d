// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/corpus.h"

#include "engine/base/files.h"
#include "engine/base/random.h"
#include "engine/text/corpus_sources.h"
#include "engine/text/indexed_dataset.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::text {

namespace {

constexpr int64_t kTokenizerSampleBytes = 3'000'000;
constexpr size_t kLongDocument = 10'000;

/// Files that may be used, and how many were left out for invalid UTF-8.
std::vector<SourceFile> usableFiles(const CorpusOptions& options, CorpusResult& result)
{
    std::vector<SourceFile> files = listSources(options.sources);
    if (!options.skipInvalid)
        return files;
    std::erase_if(files, [&](const SourceFile& file) {
        try {
            forEachDocument(file, options.jsonlKey, [](const std::string&) {});
            return false;
        } catch (const InvalidText&) {
            ++result.skippedInvalid;
            return true;
        }
    });
    return files;
}

/// A tokenizer trained on an even sample: of long documents their beginnings, of short ones every
/// so many.
void trainOn(const std::vector<SourceFile>& files, const CorpusOptions& options,
    const std::filesystem::path& out, const std::stop_token& stop)
{
    double total = 0;
    for (const SourceFile& file : files)
        total += static_cast<double>(file.bytes);
    const double share = std::min(1.0, kTokenizerSampleBytes / total);
    base::Random random(1);
    std::vector<std::string> sample;
    for (const SourceFile& file : files) {
        if (stop.stop_requested())
            throw Cancelled("stopped", options.out.string(), "nothing was written");
        forEachDocument(file, options.jsonlKey, [&](const std::string& text) {
            if (text.size() < kLongDocument && random.uniform() >= share)
                return;
            size_t end = text.size();
            if (text.size() >= kLongDocument)
                end = std::max<size_t>(
                    1, static_cast<size_t>(share * static_cast<double>(text.size())));
            while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
                ++end;
            sample.push_back(text.substr(0, end));
        });
    }
    size_t at = 0;
    const auto next = [&]() -> std::optional<std::string> {
        return at < sample.size() ? std::optional(std::move(sample[at++])) : std::nullopt;
    };
    trainTokenizer(next, options.vocabSize, out);
}

std::string suffixOf(const std::filesystem::path& tokenizerFile)
{
    return tokenizerFile.extension() == ".json" ? ".tokenizer.json" : ".tokenizer.model";
}

/// A file that takes its place beside the dataset when that is whole, and is removed when not.
class FileInTheMaking {
public:
    explicit FileInTheMaking(std::filesystem::path place)
        : m_place(std::move(place))
    {
    }
    ~FileInTheMaking()
    {
        std::error_code ignored;
        std::filesystem::remove(path(), ignored);
    }
    FileInTheMaking(const FileInTheMaking&) = delete;
    FileInTheMaking& operator=(const FileInTheMaking&) = delete;

    std::filesystem::path path() const { return m_place.string() + ".partial"; }
    void commit() const
    {
        std::error_code failed;
        std::filesystem::rename(path(), m_place, failed);
        if (failed)
            throw Error("cannot write", m_place.string(), "check the path and its permissions");
    }

private:
    std::filesystem::path m_place;
};

/// What else belongs to the tokenizer of a prefix: an older dataset's of another kind goes, and the
/// end-of-sequence token that a given tokenizer's configuration names comes with it.
void tidyTokenizer(const std::filesystem::path& prefix, const std::filesystem::path& tokenizerFile,
    const std::optional<std::filesystem::path>& given)
{
    for (const char* suffix : {".tokenizer.model", ".tokenizer.json"}) {
        if (const std::filesystem::path other = prefix.string() + suffix; other != tokenizerFile)
            std::filesystem::remove(other);
    }
    const std::filesystem::path config = prefix.string() + ".tokenizer_config.json";
    const std::filesystem::path from = given ? tokenizerConfigOf(*given) : std::filesystem::path();
    if (!given || !std::filesystem::exists(from))
        std::filesystem::remove(config);
    else if (from != config)
        base::writeFileAtomically(config, base::readFile(from));
}

} // namespace

CorpusResult buildCorpus(const CorpusOptions& options, std::stop_token stop)
{
    if (!options.out.has_filename())
        throw Error("no name for the dataset", "\"" + options.out.string() + "\"",
            "PREFIX names the files, as in data/mine");
    CorpusResult result;
    const std::vector<SourceFile> files = usableFiles(options, result);
    int64_t totalBytes = 0;
    for (const SourceFile& file : files)
        totalBytes += file.bytes;
    if (totalBytes == 0)
        throw Error("nothing left to read", options.out.string(), "name files that hold text");
    base::makeFolderOf(options.out);
    const base::PlaceLock lock(options.out, "this dataset is being written already",
        "wait until that is done, or name another PREFIX");

    std::optional<std::filesystem::path> given;
    if (options.tokenizer) {
        given = findTokenizerFile(*options.tokenizer);
        if (!given)
            throw Error("no tokenizer", options.tokenizer->string(),
                "a folder with tokenizer.json or tokenizer.model, or such a file");
        if (given->extension() == ".tiktoken") // it needs the model's configuration beside it
            throw Error("a tiktoken file cannot stand beside a dataset", given->string(),
                "a tokenizer.json or a SentencePiece *.model");
    }
    result.tokenizerFile = options.out.string() + (given ? suffixOf(*given) : ".tokenizer.model");
    // An older dataset of this prefix keeps its tokenizer until the new one is whole.
    const FileInTheMaking tokenizerFile(result.tokenizerFile);
    base::showingPlace(tokenizerFile.path(), result.tokenizerFile, [&] {
        if (given)
            base::writeFileAtomically(tokenizerFile.path(), base::readFile(*given));
        else
            trainOn(files, options, tokenizerFile.path(), stop);
    });
    const auto tokenizer = loadTokenizer(given ? *given : tokenizerFile.path());
    result.vocabSize = tokenizer->vocabSize();
    const std::optional<int32_t> eos
        = options.appendEos ? tokenizer->endOfSequence() : std::nullopt;

    IndexedDatasetWriter writer(options.out, result.vocabSize);
    for (const SourceFile& file : files) {
        forEachDocument(file, options.jsonlKey, [&](const std::string& text) {
            if (stop.stop_requested())
                throw Cancelled("stopped", options.out.string(), "nothing was written");
            if (text.empty()) {
                ++result.skippedEmpty;
                return;
            }
            std::vector<int32_t> ids = tokenizer->encode(text);
            if (eos)
                ids.push_back(*eos);
            writer.addDocument(ids);
        });
        result.bytes += file.bytes;
        if (options.progress)
            options.progress(result.bytes, totalBytes);
    }
    if (writer.documents() == 0)
        throw Error("nothing left to read", options.out.string(), "name files that hold text");
    result.documents = writer.documents();
    result.tokens = writer.tokens();
    // Tokens of one tokenizer never stand beside another: not even when the process is killed here.
    writer.finish([&] {
        tokenizerFile.commit();
        tidyTokenizer(options.out, result.tokenizerFile, given);
    });
    return result;
}

} // namespace moe::text
