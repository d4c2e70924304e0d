// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/folder_in_the_making.h"

#include "engine/checkpoint/checkpoint.h"
#include "kernels/error.h"

namespace moe::checkpoint {

namespace fs = std::filesystem;

FolderInTheMaking::FolderInTheMaking(const fs::path& out)
    : m_out(fs::absolute(out / "").parent_path())
    , m_partial(m_out.parent_path() / ("." + m_out.filename().string() + ".partial"))
{
    std::error_code failed;
    if (fs::exists(m_out, failed) && !fs::is_directory(m_out, failed))
        throw Error("not a folder", out.string(), "choose another --out, a new folder");
    if (fs::exists(m_out, failed) && !fs::is_empty(m_out, failed))
        throw Error("the folder is not empty", out.string(), "choose another --out");
    fs::remove_all(m_partial, failed);
    fs::create_directories(m_partial, failed);
    if (failed)
        throw Error("cannot make the folder", out.string(), "check the path and its permissions");
}

FolderInTheMaking::~FolderInTheMaking()
{
    std::error_code ignored;
    fs::remove_all(m_partial, ignored);
}

void FolderInTheMaking::commit()
{
    commitStep(m_partial, m_out);
}

} // namespace moe::checkpoint
