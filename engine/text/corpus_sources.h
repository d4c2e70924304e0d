// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace moe::text {

struct SourceFile {
    std::filesystem::path path;
    bool jsonl = false;
    int64_t bytes = 0;
};

/// The files that SRC… name: a file is itself; a folder is its files in byte order of their
/// relative paths, links not followed, dot files included. Throws for what does not exist.
std::vector<SourceFile> listSources(const std::vector<std::filesystem::path>& sources);

/// The documents of one file, each valid UTF-8: the file whole, or a line's `jsonlKey` of a .jsonl.
/// Throws naming file and offset or line; blank lines are no documents.
void forEachDocument(const SourceFile& file, const std::string& jsonlKey,
    const std::function<void(const std::string&)>& document);

/// Thrown by forEachDocument for bytes that are no UTF-8, and for escapes of lone surrogates, which
/// no UTF-8 holds (`--skip-invalid` leaves such files out).
class InvalidText : public Error {
public:
    using Error::Error;
};

} // namespace moe::text
