// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/random.h"
#include "engine/serve/http_request.h"
#include "engine/serve/limits.h"
#include "engine/serve/served_model.h"
#include "engine/serve/traffic.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <set>

namespace moe::serve {

class Session;

/// What the sessions of one server share. All of it belongs to the one thread that runs `io`, but
/// for the model's functions and `traffic`, which any thread may call. Bodies are read and
/// tokenized by `preparation`, answers with log-probabilities written by `writer`, so that a long
/// one keeps nobody else waiting.
struct ServerState {
    ServerState(ServedModel served, ServerOptions chosen)
        : model(std::move(served))
        , options(std::move(chosen))
    {
    }

    const ServedModel model;
    const ServerOptions options;
    Access access;
    boost::asio::io_context io{1};
    boost::asio::thread_pool preparation{2};
    boost::asio::thread_pool writer{1};
    Traffic traffic;
    base::Random random{std::random_device{}()}; ///< of the answers' ids

    std::set<std::shared_ptr<Session>> sessions;
    int64_t reading = 0; ///< bodies with the preparation
    int64_t writing = 0; ///< answers with the writer
    int64_t unfinished = 0; ///< generations submitted whose end has not come
    int64_t bodyBytes = 0; ///< of requests being read, and with the preparation
    std::atomic<bool> stopping = false; ///< set by the io thread, read by the preparation, too

    /// Generations and bodies that there may be at once. Any thread.
    int64_t capacity() const { return model.parallel + options.limits.queue; }
    /// One body that is allowed always fits.
    int64_t mostBodyBytes() const
    {
        return std::max(options.limits.bodiesBytes, options.limits.bodyBytes);
    }
};

} // namespace moe::serve
