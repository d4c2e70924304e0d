// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace moe::serve {

/// What one client may take, so that no client keeps the others from being served.
struct Limits {
    int64_t headBytes = 16 << 10; ///< request line and header fields together
    int64_t bodyBytes = 4 << 20;
    int64_t bodiesBytes = 128 << 20; ///< of all bodies that are being read, together
    int64_t pendingBytes
        = 1 << 20; ///< of a stream, not yet taken by its client; then it is dropped
    int64_t connections = 256;
    int64_t queue = 64; ///< answers that wait beyond those generated at once
    std::chrono::milliseconds headTime{30'000}; ///< idle before a request, and its head
    std::chrono::milliseconds bodyTime{60'000};
    std::chrono::milliseconds writeTime{30'000}; ///< in which a client must take something
    std::chrono::milliseconds graceTime{5'000}; ///< for answers under way when the server stops
};

struct ServerOptions {
    std::string host = "127.0.0.1"; ///< an address, or a name that resolves to one
    uint16_t port = 8080; ///< 0: any that is free
    std::string apiKey; ///< empty: none asked for, which is for loopback alone
    Limits limits;
};

} // namespace moe::serve
