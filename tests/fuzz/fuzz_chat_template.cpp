// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a chat template: a moe::Error, or a prompt within the limits.
#include "engine/text/chat_template.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace moe;
    static const base::Json kChat = base::parseJson(
        R"({"messages":[{"role":"system","content":"S"},{"role":"user","content":"Grüße"},
            {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":[1,2.5]}}}]}],
            "tools":[{"type":"function","function":{"name":"f"}}]})",
        "chat");
    try {
        const text::ChatTemplate parsed(
            std::string_view(reinterpret_cast<const char*>(data), size));
        parsed.render(kChat, {{"bos_token", "<s>"}, {"eos_token", "</s>"}}, 0);
    } catch (const Error&) {
    }
    return 0;
}
