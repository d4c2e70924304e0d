// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/limits.h"
#include "engine/serve/routes.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace moe::serve {

/// Bytes → request: Boost.Beast reads HTTP/1, we decide what of it is served.
using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
void limitParser(RequestParser& parser, const Limits& limits);

/// Who may ask for what.
struct Access {
    std::string apiKey; ///< empty: none asked for
    /// Names in Host that are neither addresses nor localhost are refused: a page from elsewhere
    /// whose name was made to lead here (DNS rebinding) shows itself by it.
    bool localNamesOnly = false;
};

/// What the head of a request says, checked.
struct RequestHead {
    Destination destination;
    bool headOnly = false; ///< the method HEAD
    bool oldHttp = false; ///< HTTP/1.0: no chunks in the answer
    bool keepAlive = true;
    bool expectsContinue = false; ///< the client waits for "100 Continue" before it sends the body
};

/// Call when the parser has the whole head, before the body is read. Throws ApiError: 401 without
/// the right key, 404 and 405 as destinationOf, 417 for other expectations, 400 for a head that
/// could be read in two ways (two lengths, a length and chunks, unknown codings), and for one
/// without a Host.
RequestHead checkedHead(const RequestParser& parser, const Access& access);

/// Whether the parser found something wrong, rather than the connection having ended.
bool isSyntaxError(const boost::system::error_code& error);

/// What the parser found wrong, as an answer: 413 for a body beyond the limit, else 400.
[[noreturn]] void refuseSyntax(const boost::system::error_code& error);

/// Takes as long for a wrong key as for the right one.
bool sameKey(std::string_view given, std::string_view right);

/// "localhost", "x.localhost" or an address, with or without a port.
bool isLocalName(std::string_view host);

} // namespace moe::serve
