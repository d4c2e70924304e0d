// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/model_name.h"

#include "engine/checkpoint/checkpoint.h"
#include "ui/chat/chat_workspace.h"
#include "ui/models/format.h"

namespace moe::chat {

QString shownName(const std::filesystem::path& folder)
{
    const std::filesystem::path own = folder.has_filename() ? folder : folder.parent_path();
    const int64_t step = checkpoint::stepOf(own);
    if (step < 0)
        return QString::fromStdString(own.filename().string());
    return ChatWorkspace::tr("%1, step %2")
        .arg(QString::fromStdString(own.parent_path().filename().string()),
            models::formatCount(step));
}

std::string storedModel(const std::filesystem::path& folder)
{
    const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
    return (whole.has_filename() ? whole : whole.parent_path()).string();
}

} // namespace moe::chat
