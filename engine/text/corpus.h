// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace moe::text {

struct CorpusOptions {
    std::vector<std::filesystem::path> sources; ///< files, folders, .jsonl
    std::filesystem::path out; ///< PREFIX
    std::optional<std::filesystem::path> tokenizer; ///< file or folder; none: one is trained
    int64_t vocabSize = 8192; ///< of a trained one
    std::string jsonlKey = "text";
    bool appendEos = true;
    bool skipInvalid = false;
    /// Called now and then: bytes read, bytes in all.
    std::function<void(int64_t done, int64_t total)> progress;
};

struct CorpusResult {
    int64_t documents = 0, tokens = 0, bytes = 0, vocabSize = 0;
    int64_t skippedInvalid = 0, skippedEmpty = 0;
    std::filesystem::path tokenizerFile;
};

/// moe corpus (contract section 2). Throws moe::Error; Cancelled when stopped. Nothing half-written
/// is left.
CorpusResult buildCorpus(const CorpusOptions& options, std::stop_token stop = {});

/// The demo's corpus: three domains of equal bytes (English and Chinese prose from linux-doc, C
/// from /usr/include/linux; /usr/share/doc and /usr/include when it is missing), shuffled in
/// passages. Written once below `folder`, reused after. `probes`: a fixed text of each domain, held
/// out of training.
struct DemoCorpus {
    std::filesystem::path trainPrefix, validPrefix;
    std::vector<std::pair<std::string, std::filesystem::path>>
        probes; ///< name ("English"), text file
};
DemoCorpus prepareDemoCorpus(const std::filesystem::path& folder, int64_t vocabSize,
    const std::function<void(const std::string& what, int64_t done, int64_t total)>& progress,
    const std::stop_token& stop);

} // namespace moe::text
