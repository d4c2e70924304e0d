// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/traffic.h"

#include <algorithm>
#include <cstdio>

namespace moe::serve {

namespace {

std::string metric(
    const std::string& name, const std::string& type, const std::string& help, int64_t value)
{
    return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + " "
        + std::to_string(value) + "\n";
}

constexpr size_t kFailuresKept = 20;

std::string numberText(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

double secondsSince(std::chrono::steady_clock::time_point then)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

} // namespace

const char* nameOf(ServedRequest::State state)
{
    switch (state) {
    case ServedRequest::State::Reading:
        return "reading";
    case ServedRequest::State::Waiting:
        return "waiting";
    case ServedRequest::State::Answering:
        return "answering";
    }
    return "";
}

void Traffic::Histogram::add(double seconds)
{
    for (size_t i = 0; i < kBounds.size(); ++i)
        counts[i] += seconds <= kBounds[i];
    ++count;
    sum += seconds;
}

std::string Traffic::Histogram::prometheus(const std::string& name, const std::string& help) const
{
    std::string text = "# HELP " + name + " " + help + "\n# TYPE " + name + " histogram\n";
    for (size_t i = 0; i < kBounds.size(); ++i)
        text += name + "_bucket{le=\"" + numberText(kBounds[i]) + "\"} " + std::to_string(counts[i])
            + "\n";
    return text + name + "_bucket{le=\"+Inf\"} " + std::to_string(count) + "\n" + name + "_sum "
        + numberText(sum) + "\n" + name + "_count " + std::to_string(count) + "\n";
}

uint64_t Traffic::begin(Route route, const std::string& client)
{
    const std::lock_guard lock(m_mutex);
    const uint64_t id = m_nextId++;
    Serving& serving = m_serving[id];
    serving.request.id = id;
    serving.request.route = route;
    serving.request.client = client;
    serving.began = Clock::now();
    return id;
}

void Traffic::submitted(uint64_t id, bool stream, int64_t choices, int64_t promptTokens)
{
    const std::lock_guard lock(m_mutex);
    ServedRequest& request = m_serving.at(id).request;
    request.state = ServedRequest::State::Waiting;
    request.stream = stream;
    request.choices = choices;
    request.promptTokens = promptTokens;
    m_totals.promptTokens += promptTokens;
}

void Traffic::generated(uint64_t id, int64_t tokens)
{
    const std::lock_guard lock(m_mutex);
    Serving& serving = m_serving.at(id);
    if (serving.request.state == ServedRequest::State::Waiting)
        m_firstToken.add(secondsSince(serving.began));
    serving.request.state = ServedRequest::State::Answering;
    serving.request.generatedTokens += tokens;
    m_totals.generatedTokens += tokens;
}

void Traffic::end(uint64_t id)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_serving.find(id);
    if (found == m_serving.end())
        return;
    m_whole.add(secondsSince(found->second.began));
    m_serving.erase(found);
}

void Traffic::answered(const std::string& route, int status)
{
    const std::lock_guard lock(m_mutex);
    ++m_answered[{route, status}];
    ++m_totals.requests;
    m_totals.errors += status >= 400;
}

void Traffic::failed(
    const std::string& client, const std::string& route, int status, const std::string& what)
{
    const std::lock_guard lock(m_mutex);
    m_failures.push_front({std::chrono::system_clock::now(), client, route, status, what});
    if (m_failures.size() > kFailuresKept)
        m_failures.pop_back();
}

void Traffic::failed(uint64_t id, int status, const std::string& what)
{
    std::string client, route;
    {
        const std::lock_guard lock(m_mutex);
        const ServedRequest& request = m_serving.at(id).request;
        client = request.client;
        route = nameOf(request.route);
    }
    failed(client, route, status, what);
}

void Traffic::abandoned()
{
    const std::lock_guard lock(m_mutex);
    ++m_totals.abandoned;
}

void Traffic::connections(int64_t open)
{
    const std::lock_guard lock(m_mutex);
    m_connections = open;
}

std::vector<ServedRequest> Traffic::requests() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<ServedRequest> requests;
    for (const auto& [id, serving] : m_serving) {
        requests.push_back(serving.request);
        requests.back().seconds = secondsSince(serving.began);
    }
    return requests;
}

TrafficTotals Traffic::totals() const
{
    const std::lock_guard lock(m_mutex);
    return m_totals;
}

std::vector<FailedRequest> Traffic::failures() const
{
    const std::lock_guard lock(m_mutex);
    return {m_failures.begin(), m_failures.end()};
}

std::string Traffic::prometheus(const ServedModel& model) const
{
    const ServedModel::Pages pages = model.pages();
    const std::lock_guard lock(m_mutex);
    std::string text = "# HELP moe_requests_total Requests answered, by route and status.\n"
                       "# TYPE moe_requests_total counter\n";
    for (const auto& [key, count] : m_answered)
        text += "moe_requests_total{route=\"" + key.first + "\",status=\""
            + std::to_string(key.second) + "\"} " + std::to_string(count) + "\n";
    const int64_t answering = std::count_if(m_serving.begin(), m_serving.end(),
        [](const auto& s) { return s.second.request.state == ServedRequest::State::Answering; });
    text += metric("moe_requests_abandoned_total", "counter",
        "Requests whose client went away or took its answer too slowly.", m_totals.abandoned);
    text += metric(
        "moe_prompt_tokens_total", "counter", "Tokens of prompts.", m_totals.promptTokens);
    text += metric(
        "moe_generated_tokens_total", "counter", "Tokens generated.", m_totals.generatedTokens);
    text += metric("moe_requests_answering", "gauge", "Requests being answered.", answering);
    text += metric("moe_requests_waiting", "gauge", "Requests that have no token yet.",
        static_cast<int64_t>(m_serving.size()) - answering);
    text += metric("moe_connections", "gauge", "Open connections.", m_connections);
    text += metric("moe_cache_pages", "gauge", "Pages of the KV cache.", pages.all);
    text += metric("moe_cache_pages_used", "gauge", "Pages held by requests.", pages.used);
    text += metric(
        "moe_cache_pages_kept", "gauge", "Pages kept for prompts that begin alike.", pages.kept);
    text += m_firstToken.prometheus(
        "moe_time_to_first_token_seconds", "From a request's arrival to its first token.");
    text += m_whole.prometheus(
        "moe_request_seconds", "From a request's arrival to the end of its answer.");
    return text;
}

} // namespace moe::serve
