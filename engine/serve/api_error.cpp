// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/api_error.h"

#include "engine/base/json.h"

#include <nlohmann/json.hpp>

namespace moe::serve {

using base::Json;

namespace {

const char* typeOf(int status)
{
    if (status == 429)
        return "rate_limit_error";
    return status >= 500 ? "server_error" : "invalid_request_error";
}

Json textOrNull(const std::string& text)
{
    return text.empty() ? Json() : Json(text);
}

} // namespace

std::string errorBody(
    int status, const std::string& message, const std::string& code, const std::string& param)
{
    const Json body{{"error",
        {{"message", message}, {"type", typeOf(status)}, {"param", textOrNull(param)},
            {"code", textOrNull(code)}}}};
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string errorBody(const ApiError& error)
{
    return errorBody(error.status(), error.what(), error.code(), error.param());
}

} // namespace moe::serve
