// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/probes.h"

#include "engine/base/files.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::train {

namespace {

constexpr int64_t kLargestProbe = INT64_C(64) << 20;

std::vector<int32_t> readProbe(
    const Probe& probe, const text::Tokenizer& tokenizer, const RunFile& file)
{
    const std::string where = probe.file.string();
    const std::string content = base::readFile(probe.file, kLargestProbe);
    if (base::findInvalidUtf8(content))
        throw Error("the probe \"" + probe.name + "\" is not UTF-8", where, "give a text file");
    std::vector<int32_t> ids = tokenizer.encode(content);
    if (ids.empty())
        throw Error("the probe \"" + probe.name + "\" is empty", where, "give some text");
    const auto most = static_cast<size_t>(file.microBatchSize * file.sequenceLength);
    ids.resize(std::min(ids.size(), most));
    const int32_t largest = *std::max_element(ids.begin(), ids.end());
    if (largest >= file.model.vocabSize)
        throw Error("the tokenizer gives token id " + std::to_string(largest), where,
            "ids below the model's vocab_size, " + std::to_string(file.model.vocabSize));
    return ids;
}

} // namespace

std::vector<ProbeText> readProbes(
    const RunFile& file, const std::optional<std::filesystem::path>& tokenizer)
{
    std::vector<ProbeText> probes;
    if (file.probes.empty())
        return probes;
    if (!tokenizer)
        throw Error("probes need the corpus's tokenizer", file.trainData.string(),
            "keep PREFIX.tokenizer.model beside the dataset, or leave out data.probes");
    const auto loaded = text::loadTokenizer(*tokenizer);
    for (const Probe& probe : file.probes)
        probes.push_back({probe.name, readProbe(probe, *loaded, file)});
    return probes;
}

} // namespace moe::train
