// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace moe::text {

/// A Hugging Face `chat_template`, rendered as transformers' apply_chat_template does (jinja2's
/// immutable sandbox with trim_blocks, lstrip_blocks, loop controls and generation blocks). Parsed
/// once; render() is const and may run on any thread.
class ChatTemplate {
public:
    /// Throws moe::Error that names the line, also for what jinja2 knows and we do not.
    explicit ChatTemplate(std::string_view source);
    ~ChatTemplate();
    ChatTemplate(ChatTemplate&&) noexcept;
    ChatTemplate& operator=(ChatTemplate&&) noexcept;

    /// `chat` as checkedChat() gives it; `variables` is an object of everything else that the
    /// template may see: bos_token, add_generation_prompt, …; `now` is what strftime_now shows.
    /// Throws moe::Error when the template refuses (with its words), fails, or would not end:
    /// beyond a number of steps, a size of texts and values, or the time `most`.
    std::string render(const base::Json& chat, const base::Json& variables, std::time_t now,
        std::chrono::milliseconds most = std::chrono::seconds(10)) const;

private:
    struct Parsed;
    std::unique_ptr<Parsed> m_parsed;
};

/// CHAT.json: a list of messages, or {"messages": […], "tools": […]}; gives the second form, tools
/// null when there are none. Each message has a role and, as content, a text, a list of parts, or
/// nothing. Throws moe::Error naming `where` and the message.
base::Json checkedChat(const base::Json& chat, const std::string& where);
base::Json readChat(const std::filesystem::path& file);

/// How a model's folder wants a conversation written.
struct ChatFormat {
    std::optional<ChatTemplate> chatTemplate, toolTemplate; ///< none: messages joined by newlines
    std::string templateSource; ///< of chatTemplate, for people to read
    std::string specialTokens = "{}"; ///< JSON object: bos_token, eos_token, …

    /// The prompt for `chat`. Callers say so when there is no chatTemplate.
    std::string prompt(const base::Json& chat, bool addGenerationPrompt) const;
};

/// Reads chat_template.jinja, or chat_template in tokenizer_config.json (a text, or a list of named
/// ones), and the special tokens. Throws moe::Error for files that are not well formed.
ChatFormat readChatFormat(const std::filesystem::path& folder);

} // namespace moe::text
