// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace moe::checkpoint {

/// A folder beside `out` that becomes it when all went well, and is removed when not. Throws when
/// `out` is anything but new or an empty folder.
class FolderInTheMaking {
public:
    explicit FolderInTheMaking(const std::filesystem::path& out);
    ~FolderInTheMaking();
    FolderInTheMaking(const FolderInTheMaking&) = delete;
    FolderInTheMaking& operator=(const FolderInTheMaking&) = delete;

    const std::filesystem::path& path() const { return m_partial; }
    void commit();

private:
    std::filesystem::path m_out, m_partial;
};

} // namespace moe::checkpoint
