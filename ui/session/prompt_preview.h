// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/chat_session.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moe::session {

/// One token of a prompt.
struct PromptToken {
    int32_t id = 0;
    bool special = false;
    std::string bytes; ///< what it adds to the text; not always whole characters
};

/// What a model reads when it is asked: the text that its chat template makes, and the ids.
struct PromptPreview {
    std::string error; ///< one line: the template refuses; the rest is empty then
    std::string text;
    std::vector<PromptToken> tokens;
};

/// The prompt of `request` as text, up to where the reply begins (also of one that goes on). Throws
/// moe::Error when the template refuses.
std::string promptOf(const infer::OpenedModel& model, const ReplyRequest& request);

PromptPreview previewOf(const infer::OpenedModel& model, const ReplyRequest& request);

} // namespace moe::session
