// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/http_request.h"

#include "engine/serve/api_error.h"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>

namespace moe::serve {

namespace http = boost::beast::http;

namespace {

using Fields = http::request<http::string_body>;

std::string_view view(boost::beast::string_view text)
{
    return {text.data(), text.size()};
}

void checkFraming(const Fields& fields)
{
    const size_t lengths = fields.count(http::field::content_length);
    const size_t codings = fields.count(http::field::transfer_encoding);
    const std::string_view length = view(fields[http::field::content_length]);
    const bool plain = length.find_first_not_of("0123456789") == std::string_view::npos;
    if (lengths > 1 || !plain || (lengths == 1 && codings > 0))
        throw ApiError(400, "the body's length is not clear", "Content-Length",
            "send one length, or chunks without a length");
    const bool chunked = boost::beast::iequals(fields[http::field::transfer_encoding], "chunked");
    if (codings > 1 || (codings == 1 && (!chunked || fields.version() < 11)))
        throw ApiError(400, "the body's coding is not known", "Transfer-Encoding",
            "send a length, or chunked in HTTP/1.1");
}

/// Of a target in absolute form the host counts, too.
void checkHost(const Fields& fields, bool localNamesOnly)
{
    const size_t hosts = fields.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && fields.version() >= 11))
        throw ApiError(400, hosts ? "more than one host" : "no host", "Host", "send one");
    if (hosts == 1 && localNamesOnly && !isLocalName(view(fields[http::field::host])))
        throw ApiError(400, "a host that is not this machine",
            "Host: " + std::string(view(fields[http::field::host]).substr(0, 80)),
            "ask by address or as localhost, or start the server with a key");
    const std::string_view authority = authorityOf(view(fields.target()));
    if (!authority.empty() && localNamesOnly && !isLocalName(authority))
        throw ApiError(400, "a host that is not this machine", std::string(authority.substr(0, 80)),
            "ask by address or as localhost, or start the server with a key");
}

void checkExpectation(const Fields& fields)
{
    const size_t expectations = fields.count(http::field::expect);
    if (expectations > 1
        || (expectations == 1
            && !boost::beast::iequals(fields[http::field::expect], "100-continue")))
        throw ApiError(
            417, "an expectation that is not met", "Expect", "100-continue alone, or leave it out");
}

void checkKey(const Fields& fields, const std::string& key)
{
    constexpr std::string_view kScheme = "Bearer ";
    std::string_view given = view(fields[http::field::authorization]);
    const std::string_view scheme = given.substr(0, kScheme.size());
    const bool bearer = fields.count(http::field::authorization) == 1
        && boost::beast::iequals(boost::beast::string_view(scheme.data(), scheme.size()),
            boost::beast::string_view(kScheme.data(), kScheme.size()));
    given.remove_prefix(bearer ? kScheme.size() : given.size());
    if (!sameKey(given, key))
        throw ApiError(401, bearer ? "wrong API key" : "no API key", "Authorization",
            "send Bearer and the key that the server was started with", "invalid_api_key")
            .with("WWW-Authenticate: Bearer\r\n");
}

} // namespace

void limitParser(RequestParser& parser, const Limits& limits)
{
    parser.header_limit(static_cast<uint32_t>(limits.headBytes));
    parser.body_limit(static_cast<uint64_t>(limits.bodyBytes));
}

RequestHead checkedHead(const RequestParser& parser, const Access& access)
{
    const Fields& fields = parser.get();
    if (fields.version() != 10 && fields.version() != 11)
        throw ApiError(400, "not HTTP/1", "request line", "ask with HTTP/1.1");
    checkFraming(fields);
    checkHost(fields, access.localNamesOnly);
    const std::string_view target = view(fields.target());
    if (!access.apiKey.empty() && needsKey(target))
        checkKey(fields, access.apiKey);
    RequestHead head;
    head.destination = destinationOf(view(fields.method_string()), target);
    checkExpectation(fields);
    head.headOnly = fields.method() == http::verb::head;
    head.oldHttp = fields.version() == 10;
    head.keepAlive = fields.keep_alive();
    head.expectsContinue = !head.oldHttp && !parser.is_done()
        && boost::beast::iequals(fields[http::field::expect], "100-continue");
    return head;
}

bool isSyntaxError(const boost::system::error_code& error)
{
    return error.category() == http::make_error_code(http::error::bad_method).category()
        && error != http::error::end_of_stream && error != http::error::partial_message;
}

void refuseSyntax(const boost::system::error_code& error)
{
    if (error == http::error::body_limit)
        throw ApiError(413, "the body is too large", "body", "send a shorter one");
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        throw ApiError(
            400, "the head is too large", "header or chunk", "send fewer or shorter fields");
    throw ApiError(400, "not a request in HTTP/1", "header or chunk", "send one that is");
}

bool sameKey(std::string_view given, std::string_view right)
{
    // Every byte of the right key is compared whatever is given; only its length may show.
    unsigned different = given.size() == right.size() ? 0 : 1;
    for (size_t i = 0; i < right.size(); ++i) {
        const auto byte = static_cast<unsigned char>(i < given.size() ? given[i] : 0);
        const volatile unsigned differs = byte ^ static_cast<unsigned char>(right[i]);
        different |= differs;
    }
    return different == 0;
}

bool isLocalName(std::string_view host)
{
    // Nothing but a name and a port: what a browser reads as something else may lead elsewhere.
    const bool bracketed = host.starts_with('[');
    const size_t end = bracketed ? host.find(']') : host.find(':');
    std::string name(bracketed ? host.substr(1, end - 1) : host.substr(0, end));
    const std::string_view rest
        = host.substr(std::min(host.size(), bracketed && end != host.npos ? end + 1 : end));
    const bool plain = rest.empty()
        || (rest.front() == ':' && rest.find_first_not_of("0123456789", 1) == rest.npos);
    if (!plain || (bracketed && end == host.npos))
        return false;
    boost::system::error_code noAddress;
    boost::asio::ip::make_address(name, noAddress);
    if (!noAddress)
        return true;
    std::transform(name.begin(), name.end(), name.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name == "localhost" || name.ends_with(".localhost");
}

} // namespace moe::serve
