// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/routes.h"

#include "engine/serve/api_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace moe::serve {

namespace {

constexpr std::string_view kModelPrefix = "/v1/models/";

/// "http://" of a target in absolute form, or nothing.
std::string_view schemeOf(std::string_view target)
{
    for (const std::string_view scheme : {"http://", "https://"}) {
        const auto same = [](char a, char b) {
            return a == b || (b >= 'a' && a == b - 'a' + 'A');
        };
        if (target.size() >= scheme.size()
            && std::equal(scheme.begin(), scheme.end(), target.begin(),
                [&](char wanted, char given) { return same(given, wanted); }))
            return scheme;
    }
    return {};
}

std::string_view pathOf(std::string_view target)
{
    target.remove_prefix(schemeOf(target).size() + authorityOf(target).size());
    return target.substr(0, target.find_first_of("?#"));
}

/// %41 → A. What is no escape stays as it is.
std::string unescaped(std::string_view text)
{
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        uint8_t byte = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const char* const end = text.data() + i + 3;
            if (std::from_chars(text.data() + i + 1, end, byte, 16).ptr == end) {
                plain += static_cast<char>(byte);
                i += 2;
                continue;
            }
        }
        plain += text[i];
    }
    return plain;
}

std::optional<Destination> find(std::string_view path)
{
    for (const Route route : {Route::Models, Route::ChatCompletions, Route::Completions,
             Route::Health, Route::Metrics}) {
        if (path == nameOf(route))
            return Destination{route, ""};
    }
    if (path.starts_with(kModelPrefix) && path.size() > kModelPrefix.size())
        return Destination{Route::Model, unescaped(path.substr(kModelPrefix.size()))};
    return std::nullopt;
}

} // namespace

const char* nameOf(Route route)
{
    switch (route) {
    case Route::Models:
        return "/v1/models";
    case Route::Model:
        return "/v1/models/{id}";
    case Route::ChatCompletions:
        return "/v1/chat/completions";
    case Route::Completions:
        return "/v1/completions";
    case Route::Health:
        return "/health";
    case Route::Metrics:
        return "/metrics";
    }
    return "";
}

const char* methodsOf(Route route)
{
    return route == Route::ChatCompletions || route == Route::Completions ? "POST" : "GET, HEAD";
}

Destination destinationOf(std::string_view method, std::string_view target)
{
    const std::string_view path = pathOf(target);
    const std::optional<Destination> destination = find(path);
    if (!destination)
        throw ApiError(404, "no such route", std::string(path.substr(0, 200)),
            "/v1/models, /v1/chat/completions, /v1/completions, /health or /metrics");
    const std::string methods = methodsOf(destination->route);
    const bool right = methods == "POST" ? method == "POST" : method == "GET" || method == "HEAD";
    if (!right)
        throw ApiError(405, "wrong method", std::string(path.substr(0, 200)), "ask with " + methods)
            .with("Allow: " + methods + "\r\n");
    return *destination;
}

std::string_view authorityOf(std::string_view target)
{
    const std::string_view scheme = schemeOf(target);
    if (scheme.empty())
        return {};
    target.remove_prefix(scheme.size());
    return target.substr(0, target.find_first_of("/?#"));
}

bool needsKey(std::string_view target)
{
    const std::string_view path = pathOf(target);
    return path == "/v1" || path.starts_with("/v1/");
}

} // namespace moe::serve
