// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/chats/conversation.h"

namespace moe::chats {

// The JSON that the store's columns and exported conversations hold. Reading is forgiving: what is
// missing or of the wrong kind has its default, and numbers are brought into their range.

base::Json toJson(const SamplingSettings& sampling);
base::Json toJson(const Setup& setup);
base::Json toJson(const ReplyFacts& facts);
SamplingSettings samplingFrom(const base::Json& json);
Setup setupFrom(const base::Json& json);
ReplyFacts factsFrom(const base::Json& json);
std::vector<std::string> tagsFrom(const base::Json& json);

const char* nameOf(Role role); ///< "user", "assistant"
const char* nameOf(MessageState state); ///< "done", "streaming", "stopped", "failed"

} // namespace moe::chats
