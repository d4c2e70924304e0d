// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/routes.h"
#include "engine/serve/served_model.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace moe::serve {

/// A request that asks for answers of the model, while it is served.
struct ServedRequest {
    uint64_t id = 0; ///< in the order in which they came
    enum class State { Reading, Waiting, Answering } state = State::Reading;
    Route route = Route::ChatCompletions;
    std::string client; ///< its address
    bool stream = false;
    int64_t choices = 1;
    int64_t promptTokens = 0, generatedTokens = 0;
    double seconds = 0; ///< since it came
};
/// "reading" (its body is tokenized), "waiting" (for a place, and for its first token),
/// "answering".
const char* nameOf(ServedRequest::State state);

/// Since the server began.
struct TrafficTotals {
    int64_t requests = 0; ///< answered, on all routes, errors included
    int64_t errors = 0; ///< of these, with a status of 400 or more
    int64_t abandoned = 0; ///< their client went away, or took its answer too slowly
    int64_t promptTokens = 0, generatedTokens = 0;
};

/// A request that was answered with an error, or whose stream ended with one.
struct FailedRequest {
    std::chrono::system_clock::time_point at;
    std::string client, route; ///< as metrics name it, "other" for what we do not have
    int status = 0;
    std::string what; ///< what the client was told
};

/// What is being served and what was. Any thread.
class Traffic {
public:
    uint64_t begin(Route route, const std::string& client);
    void submitted(uint64_t id, bool stream, int64_t choices, int64_t promptTokens);
    void generated(uint64_t id, int64_t tokens);
    void end(uint64_t id);

    /// An answer's status; `route` as metrics show it, "other" for what we do not have.
    void answered(const std::string& route, int status);
    /// For people to look at; answered() counts it.
    void failed(
        const std::string& client, const std::string& route, int status, const std::string& what);
    void failed(uint64_t id, int status, const std::string& what); ///< of one being served
    void abandoned();
    void connections(int64_t open);

    std::vector<ServedRequest> requests() const;
    TrafficTotals totals() const;
    std::vector<FailedRequest> failures() const; ///< the last twenty, newest first
    /// Prometheus' text format, version 0.0.4.
    std::string prometheus(const ServedModel& model) const;

private:
    using Clock = std::chrono::steady_clock;
    /// Seconds, counted by upper bound as Prometheus' histograms are.
    struct Histogram {
        static constexpr std::array<double, 10> kBounds{
            0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120};
        std::array<int64_t, kBounds.size()> counts{}; ///< at most the bound
        int64_t count = 0;
        double sum = 0;
        void add(double seconds);
        std::string prometheus(const std::string& name, const std::string& help) const;
    };
    struct Serving {
        ServedRequest request;
        Clock::time_point began;
    };

    mutable std::mutex m_mutex;
    uint64_t m_nextId = 1;
    int64_t m_connections = 0;
    std::map<uint64_t, Serving> m_serving;
    std::map<std::pair<std::string, int>, int64_t> m_answered; ///< by route and status
    TrafficTotals m_totals;
    std::deque<FailedRequest> m_failures;
    Histogram m_firstToken, m_whole;
};

} // namespace moe::serve
