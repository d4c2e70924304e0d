// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/prompt_preview.h"

#include "ui/session/error_line.h"

#include <nlohmann/json.hpp>

namespace moe::session {

namespace {

base::Json chatOf(const ReplyRequest& request, size_t messages)
{
    base::Json list = base::Json::array();
    if (!request.systemPrompt.empty())
        list.push_back({{"role", "system"}, {"content", request.systemPrompt}});
    for (size_t i = 0; i < messages; ++i) {
        const auto& [role, text] = request.messages[i];
        list.push_back(
            {{"role", role == chats::Role::User ? "user" : "assistant"}, {"content", text}});
    }
    return text::checkedChat(list, "this conversation");
}

} // namespace

std::string promptOf(const infer::OpenedModel& model, const ReplyRequest& request)
{
    const size_t messages = request.messages.size() - (request.goOn ? 1 : 0);
    return model.render(chatOf(request, messages));
}

PromptPreview previewOf(const infer::OpenedModel& model, const ReplyRequest& request)
{
    PromptPreview preview;
    const text::Tokenizer& tokenizer = model.tokenizer();
    const QString error = errorLineOf([&] {
        preview.text = promptOf(model, request);
        for (const int32_t id : tokenizer.encodeRendered(preview.text))
            preview.tokens.push_back(
                {id, tokenizer.isSpecial(id), tokenizer.bytesOf(id, preview.tokens.empty())});
    });
    if (!error.isEmpty())
        preview = {error.toStdString(), {}, {}};
    return preview;
}

} // namespace moe::session
