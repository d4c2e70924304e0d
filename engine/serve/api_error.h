// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/error.h"

#include <string>

namespace moe::serve {

/// A request that cannot be answered: the status and what OpenAI's error object says.
class ApiError : public Error {
public:
    /// `where` is the key of the body, the header or the route; `param` the key alone, if it is
    /// one.
    ApiError(int status, const std::string& what, const std::string& where,
        const std::string& remedy, std::string code = "", std::string param = "")
        : Error(what, where, remedy)
        , m_status(status)
        , m_code(std::move(code))
        , m_param(std::move(param))
    {
    }

    /// The same with header fields that belong to the answer: "Allow: POST\r\n".
    ApiError with(const std::string& fields) const
    {
        ApiError copy = *this;
        copy.m_fields = fields;
        return copy;
    }

    int status() const { return m_status; }
    const std::string& code() const { return m_code; }
    const std::string& param() const { return m_param; }
    const std::string& fields() const { return m_fields; }

private:
    int m_status;
    std::string m_code, m_param, m_fields;
};

/// {"error": {"message", "type", "param", "code"}}; the type follows from the status.
std::string errorBody(int status, const std::string& message, const std::string& code = "",
    const std::string& param = "");
std::string errorBody(const ApiError& error);

} // namespace moe::serve
