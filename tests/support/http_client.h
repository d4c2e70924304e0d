// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::tests {

struct HttpResponse {
    int status = 0; ///< 0: the connection ended without one
    std::map<std::string, std::string> fields; ///< names in small letters
    std::string body; ///< chunks joined
    bool whole = false; ///< the body came to its end
    /// The "data:" lines of server-sent events.
    std::vector<std::string> events() const;
};

/// One connection to 127.0.0.1 (or [::1]), as bare as a hostile client needs it. Every wait ends
/// after ten seconds.
class HttpClient {
public:
    /// `receiveBytes`: how little the system may take in for us; 0: its default.
    explicit HttpClient(uint16_t port, int receiveBytes = 0);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    bool send(std::string_view bytes); ///< false when the other side has closed
    HttpResponse receive(bool toHead = false); ///< the next response
    /// Reads until `part` has come in the raw bytes of the response under way.
    bool receiveUntil(std::string_view part);
    bool closed(); ///< waits until the other side closes, whatever it sends before
    void endSending(); ///< and still listens
    void abort(); ///< closes with a reset

private:
    bool more();

    int m_socket = -1;
    std::string m_input;
};

std::string getRequest(const std::string& target, const std::string& fields = "");
std::string postRequest(
    const std::string& target, const std::string& body, const std::string& fields = "");
/// Connects, sends, receives.
HttpResponse ask(uint16_t port, const std::string& request);

} // namespace moe::tests
