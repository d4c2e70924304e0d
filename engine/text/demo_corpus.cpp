// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/base/random.h"
#include "engine/text/corpus.h"
#include "engine/text/corpus_sources.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace moe::text {

namespace {

constexpr int64_t kMostBytesOfDomain = 1'600'000;
constexpr int64_t kPassageBytes = 4000;
constexpr int64_t kProbeBytes = 8000;
constexpr int64_t kValidPassagesOfDomain = 3;

struct Domain {
    const char* name;
    std::string text;
};

/// Files below the folder whose names pass, joined in order, up to `limit` bytes, invalid ones left
/// out.
std::string gather(const std::vector<std::filesystem::path>& folders,
    const std::function<bool(const std::string&)>& pass, int64_t limit)
{
    std::string text;
    for (const std::filesystem::path& folder : folders) {
        if (!std::filesystem::is_directory(folder))
            continue;
        for (const SourceFile& file : listSources({folder})) {
            if (static_cast<int64_t>(text.size()) >= limit)
                return text;
            const std::string name = file.path.lexically_relative(folder).string();
            if (file.bytes == 0 || file.bytes > limit || !pass(name))
                continue;
            const std::string content = base::readFile(file.path);
            if (!base::findInvalidUtf8(content))
                text += content + "\n";
        }
    }
    return text;
}

bool endsWith(const std::string& name, std::initializer_list<const char*> suffixes)
{
    return std::any_of(suffixes.begin(), suffixes.end(),
        [&](const char* suffix) { return name.ends_with(suffix); });
}

std::vector<Domain> gatherDomains()
{
    std::filesystem::path sources = "/usr/share/doc/linux-doc/html/_sources";
    const bool haveLinuxDoc = std::filesystem::is_directory(sources);
    const auto isText = [](const std::string& name) {
        return endsWith(name, {".txt", ".rst", ".html", ".md", "README", "copyright"});
    };
    const auto isHeader = [](const std::string& name) {
        return endsWith(name, {".h"});
    };
    std::vector<Domain> domains;
    if (haveLinuxDoc) {
        const auto isEnglish = [&](const std::string& name) {
            return isText(name) && !name.starts_with("translations/");
        };
        domains.push_back({"English",
            gather({sources / "admin-guide", sources / "driver-api", sources}, isEnglish,
                kMostBytesOfDomain)});
        domains.push_back(
            {"Chinese", gather({sources / "translations/zh_CN"}, isText, kMostBytesOfDomain)});
    } else {
        domains.push_back({"English", gather({"/usr/share/doc"}, isText, kMostBytesOfDomain)});
    }
    domains.push_back(
        {"C", gather({"/usr/include/linux", "/usr/include"}, isHeader, kMostBytesOfDomain)});
    std::erase_if(domains, [](const Domain& domain) {
        return static_cast<int64_t>(domain.text.size()) < 10 * kProbeBytes;
    });
    if (domains.empty())
        throw Error("no text for the demo", "/usr/share/doc and /usr/include",
            "install the package linux-doc");
    return domains;
}

std::vector<std::string> cutPassages(const std::string& text)
{
    std::vector<std::string> passages;
    size_t first = 0;
    while (first < text.size()) {
        const size_t end = std::min(text.find('\n', std::min(text.size(), first + kPassageBytes)),
                               text.size() - 1)
            + 1;
        passages.push_back(text.substr(first, end - first));
        first = end;
    }
    return passages;
}

std::string jsonLines(const std::vector<std::string>& passages)
{
    std::string lines;
    for (const std::string& passage : passages)
        lines += base::Json{{"text", passage}}.dump() + "\n";
    return lines;
}

/// Training and validation passages and the probes, as files below `folder`.
void writeTexts(const std::filesystem::path& folder)
{
    std::vector<Domain> domains = gatherDomains();
    size_t least = domains[0].text.size();
    for (const Domain& domain : domains)
        least = std::min(least, domain.text.size());
    std::vector<std::string> train, valid;
    std::string probeList;
    for (const Domain& domain : domains) {
        size_t bytes = least;
        while (bytes < domain.text.size()
            && (static_cast<unsigned char>(domain.text[bytes]) & 0xC0) == 0x80)
            ++bytes;
        const std::vector<std::string> passages = cutPassages(domain.text.substr(0, bytes));
        // What is held out comes from the middle: beginnings are tables of contents.
        const size_t probeAt = passages.size() / 2;
        std::string probe;
        for (size_t i = 0; i < passages.size(); ++i) {
            const bool forProbe = i >= probeAt && static_cast<int64_t>(probe.size()) < kProbeBytes;
            const bool forValid
                = !forProbe && i > probeAt && i <= probeAt + 3 + kValidPassagesOfDomain;
            if (forProbe)
                probe += passages[i];
            else
                (forValid ? valid : train).push_back(passages[i]);
        }
        base::writeFileAtomically(folder / (std::string("probe-") + domain.name + ".txt"), probe);
        probeList += std::string(domain.name) + "\n";
    }
    base::Random random(1);
    for (size_t i = train.size(); i > 1; --i)
        std::swap(train[i - 1], train[random.below(i)]);
    base::writeFileAtomically(folder / "train.jsonl", jsonLines(train));
    base::writeFileAtomically(folder / "valid.jsonl", jsonLines(valid));
    base::writeFileAtomically(folder / "probes.txt", probeList);
}

} // namespace

DemoCorpus prepareDemoCorpus(const std::filesystem::path& folder, int64_t vocabSize,
    const std::function<void(const std::string& what, int64_t done, int64_t total)>& progress,
    const std::stop_token& stop)
{
    DemoCorpus corpus{folder / "train", folder / "valid", {}};
    const std::filesystem::path finished = folder / ("complete-" + std::to_string(vocabSize));
    if (!std::filesystem::exists(finished)) {
        std::filesystem::create_directories(folder);
        progress("Reading texts", 0, 3);
        writeTexts(folder);
        progress("Training a tokenizer", 1, 3);
        CorpusOptions options;
        options.sources = {folder / "train.jsonl"};
        options.out = corpus.trainPrefix;
        options.vocabSize = vocabSize;
        options.progress = [&](int64_t, int64_t) {
            progress("Writing tokens", 2, 3);
        };
        const CorpusResult train = buildCorpus(options, stop);
        options.sources = {folder / "valid.jsonl"};
        options.out = corpus.validPrefix;
        options.tokenizer = train.tokenizerFile;
        buildCorpus(options, stop);
        base::writeFileAtomically(finished, "");
    }
    const std::string names = base::readFile(folder / "probes.txt");
    for (size_t first = 0; first < names.size();) {
        const size_t end = names.find('\n', first);
        const std::string name = names.substr(first, end - first);
        corpus.probes.emplace_back(name, folder / ("probe-" + name + ".txt"));
        first = end + 1;
    }
    return corpus;
}

} // namespace moe::text
