// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/http_response.h"

#include <array>
#include <charconv>
#include <ctime>

namespace moe::serve {

namespace {

const char* reasonOf(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 417:
        return "Expectation Failed";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

/// "Tue, 15 Nov 1994 08:12:31 GMT"; the names do not depend on the locale.
std::string dateNow()
{
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    const size_t size = std::strftime(text.data(), text.size(), " %Y %H:%M:%S GMT", &utc);
    const std::string day = (utc.tm_mday < 10 ? "0" : "") + std::to_string(utc.tm_mday);
    return std::string(kDays.at(static_cast<size_t>(utc.tm_wday))) + ", " + day + " "
        + kMonths.at(static_cast<size_t>(utc.tm_mon)) + std::string(text.data(), size);
}

std::string fieldsOf(const ResponseHead& head)
{
    return "HTTP/1.1 " + std::to_string(head.status) + " " + reasonOf(head.status)
        + "\r\nDate: " + dateNow() + "\r\nContent-Type: " + head.contentType + "\r\n"
        + "Connection: " + (head.keepAlive ? "keep-alive" : "close") + "\r\n" + head.extraFields;
}

} // namespace

std::string headWithLength(const ResponseHead& head, size_t bodyBytes)
{
    return fieldsOf(head) + "Content-Length: " + std::to_string(bodyBytes) + "\r\n\r\n";
}

std::string headOfStream(const ResponseHead& head, bool chunked)
{
    return fieldsOf(head) + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
}

std::string chunkOf(std::string_view bytes)
{
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    return std::string(size.data(), end) + "\r\n" + std::string(bytes) + "\r\n";
}

} // namespace moe::serve
