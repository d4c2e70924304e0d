// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace moe::serve {

enum class Route { Models, Model, ChatCompletions, Completions, Health, Metrics };

struct Destination {
    Route route = Route::Health;
    std::string model; ///< of Route::Model: the id that was asked for
};

/// Where a request goes. `target` is the request line's, "/path" or "http://host/path"; a query is
/// ignored. Throws ApiError: 404
/// for what we do not have, 405 for a route asked with another method (its remedy names the right
/// one).
Destination destinationOf(std::string_view method, std::string_view target);

/// As metrics and the list of requests show it.
const char* nameOf(Route route);
/// "GET, HEAD" or "POST".
const char* methodsOf(Route route);

/// "host:80" of a target in absolute form ("http://host:80/health"), else empty.
std::string_view authorityOf(std::string_view target);

/// Whether a key is asked for, when the server has one: all of /v1, what is not there, too.
bool needsKey(std::string_view target);

} // namespace moe::serve
