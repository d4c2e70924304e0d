// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/server.h"
#include "tests/engine/serve/fake_model.h"
#include "tests/support/http_client.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <string>

namespace moe::tests {

/// A server over a fake model, with limits short enough to wait for.
struct ServerBench {
    static serve::ServerOptions quickOptions()
    {
        serve::ServerOptions options;
        options.port = 0;
        options.limits.headTime = options.limits.bodyTime = std::chrono::milliseconds(300);
        options.limits.writeTime = std::chrono::milliseconds(500);
        options.limits.graceTime = std::chrono::milliseconds(300);
        options.limits.queue = 4;
        return options;
    }

    explicit ServerBench(serve::ServerOptions options = quickOptions(), int64_t parallel = 2)
        : model(parallel)
        , server(model.served(), std::move(options))
    {
        server.start();
        const std::string address = server.address();
        port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    }

    /// Waits until no request is left with the model or the server.
    bool quiet()
    {
        return QTest::qWaitFor(
            [this] { return model.running() == 0 && server.snapshot().requests.empty(); }, 5000);
    }
    HttpResponse ask(const std::string& request) const { return tests::ask(port, request); }
    HttpResponse chat(const std::string& more = "") const
    {
        return ask(postRequest("/v1/chat/completions", chatBody(more)));
    }
    /// `more`: further keys, as in ", \"n\": 2".
    static std::string chatBody(const std::string& more = "")
    {
        return R"({"model": "fake", "seed": 7, "messages": [{"role": "user", "content": "hi"}])"
            + more + "}";
    }

    FakeModel model;
    serve::Server server;
    uint16_t port = 0;
};

} // namespace moe::tests
