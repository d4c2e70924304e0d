// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Renders chat templates for jinja_differential.py: {"values": {…}, "now": seconds, "templates":
// […]} on standard input becomes a list of {"text": …} and {"error": …} on standard output.
#include "engine/base/json.h"
#include "engine/text/chat_template.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <iterator>

using moe::base::Json;

int main()
{
    try {
        const std::string input((std::istreambuf_iterator<char>(std::cin)), {});
        const Json asked = moe::base::parseJson(input, "standard input");
        const Json chat{{"messages", Json::array()}, {"tools", nullptr}};
        Json results = Json::array();
        for (const Json& source : asked["templates"]) {
            try {
                const moe::text::ChatTemplate parsed(source.get<std::string>());
                results.push_back({{"text",
                    parsed.render(chat, asked["values"], asked["now"].get<std::time_t>())}});
            } catch (const moe::Error& error) {
                results.push_back({{"error", error.what()}});
            }
        }
        std::puts(results.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "render_templates: %s\n", error.what());
        return 1;
    }
}
