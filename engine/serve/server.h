// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/limits.h"
#include "engine/serve/served_model.h"
#include "engine/serve/traffic.h"

#include <memory>
#include <string>
#include <vector>

namespace moe::serve {

/// Throws as Server::start() does for what the options say, before a model is opened: UsageError
/// for an address beyond loopback without a key, moe::Error for one that cannot be found.
void checkAccess(const ServerOptions& options);

struct ServerSnapshot {
    std::vector<ServedRequest> requests; ///< that are being served
    TrafficTotals totals;
    std::vector<FailedRequest> failures; ///< the last ones, newest first
};

/// The OpenAI-compatible endpoint of one model: HTTP/1.1 on a thread of its own, bodies read and
/// tokenized on two more, answers with log-probabilities written on another; the model is touched
/// by its generator's thread alone. What it listens on is plain HTTP: anything but loopback wants a
/// key, and a proxy for TLS.
class Server {
public:
    Server(ServedModel model, ServerOptions options);
    /// Stops.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens and returns; once. Throws moe::Error for an address that cannot be had, UsageError
    /// for one beyond loopback without a key.
    void start();
    /// Takes no more requests, lets those under way end within Limits::graceTime, ends the rest
    /// with an error, and waits for the model's last step and for what is being tokenized or
    /// written (not for what is queued for that). Any thread but the server's own; blocks for that
    /// long. Nothing when it does not run.
    void stop();

    std::string address() const; ///< "http://127.0.0.1:8080", once started
    ServerSnapshot snapshot() const; ///< any thread

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::serve
