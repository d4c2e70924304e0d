// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::serve {

/// The JSON object of a request's body. Throws ApiError 400 for what is none, is nested deeper than
/// 32 levels or has an object of more than 256 keys (looking one up takes time with their number).
base::Json parseBody(std::string_view body);

/// Checked reading of it: errors are ApiErrors 400 that name the key. A key that is null counts as
/// absent, as OpenAI has it.
class BodyReader {
public:
    explicit BodyReader(const base::Json& body)
        : m_body(body)
    {
    }

    const base::Json* find(const std::string& key) const; ///< null when absent
    std::string text(const std::string& key) const; ///< throws when absent
    bool boolean(const std::string& key) const; ///< false when absent
    std::optional<int64_t> integer(const std::string& key, int64_t least, int64_t most) const;
    double number(const std::string& key, double least, double most, double fallback) const;
    /// A text, or a list of at most `most`, none of them empty or of more than `longest` bytes.
    std::vector<std::string> texts(const std::string& key, size_t most, size_t longest) const;
    /// Any integer that 64 bits hold.
    std::optional<uint64_t> seed(const std::string& key) const;

    [[noreturn]] static void refuse(
        const std::string& what, const std::string& key, const std::string& remedy);

private:
    const base::Json& m_body;
};

} // namespace moe::serve
