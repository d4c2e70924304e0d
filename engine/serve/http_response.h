// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace moe::serve {

/// How an answer is sent.
struct ResponseHead {
    int status = 200;
    std::string contentType = "application/json";
    std::string extraFields; ///< "Allow: POST\r\n"
    bool keepAlive = true;
};

/// "HTTP/1.1 200 OK", the fields and the empty line. With a body of that many bytes.
std::string headWithLength(const ResponseHead& head, size_t bodyBytes);
/// For a body that comes in chunks, or, `chunked` false, ends with the connection.
std::string headOfStream(const ResponseHead& head, bool chunked);
std::string chunkOf(std::string_view bytes); ///< not empty: an empty chunk ends the body
constexpr const char* kLastChunk = "0\r\n\r\n";

} // namespace moe::serve
