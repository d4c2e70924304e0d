// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace moe::tests {

namespace {

constexpr int kSeconds = 10;

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

void readHead(std::string_view head, HttpResponse& response)
{
    response.status = std::atoi(std::string(head.substr(9, 3)).c_str());
    for (size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const size_t end = head.find("\r\n", at + 2);
        const std::string_view line = head.substr(at + 2, end - at - 2);
        if (const size_t colon = line.find(": "); colon != std::string_view::npos)
            response.fields[lower(std::string(line.substr(0, colon)))]
                = std::string(line.substr(colon + 2));
        at = end;
    }
}

} // namespace

std::vector<std::string> HttpResponse::events() const
{
    std::vector<std::string> list;
    for (size_t at = 0; at < body.size();) {
        const size_t end = std::min(body.find("\n\n", at), body.size());
        if (body.compare(at, 6, "data: ") == 0)
            list.push_back(body.substr(at + 6, end - at - 6));
        at = end + 2;
    }
    return list;
}

HttpClient::HttpClient(uint16_t port, int receiveBytes)
{
    m_socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receiveBytes > 0)
        ::setsockopt(m_socket, SOL_SOCKET, SO_RCVBUF, &receiveBytes, sizeof receiveBytes);
    const timeval limit{kSeconds, 0};
    ::setsockopt(m_socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(m_socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(m_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(m_socket);
        m_socket = -1;
    }
}

HttpClient::~HttpClient()
{
    if (m_socket >= 0)
        ::close(m_socket);
}

bool HttpClient::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

bool HttpClient::more()
{
    char bytes[16384];
    const ssize_t got = ::recv(m_socket, bytes, sizeof bytes, 0);
    if (got > 0)
        m_input.append(bytes, static_cast<size_t>(got));
    return got > 0;
}

HttpResponse HttpClient::receive(bool toHead)
{
    HttpResponse response;
    size_t end = 0;
    while ((end = m_input.find("\r\n\r\n")) == std::string::npos) {
        if (!more())
            return response;
    }
    readHead(std::string_view(m_input).substr(0, end), response);
    m_input.erase(0, end + 4);
    if (response.status == 100)
        return receive(toHead);
    response.whole = true;
    if (toHead)
        return response;
    if (response.fields.contains("content-length")) {
        const size_t length = std::strtoull(response.fields["content-length"].c_str(), nullptr, 10);
        while (m_input.size() < length && response.whole)
            response.whole = more();
        response.body = m_input.substr(0, length);
        m_input.erase(0, length);
        return response;
    }
    if (!response.fields.contains("transfer-encoding")) { // ends with the connection
        while (more()) { }
        response.body.swap(m_input);
        return response;
    }
    for (;;) {
        size_t line = 0;
        while ((line = m_input.find("\r\n")) == std::string::npos) {
            response.whole = more();
            if (!response.whole)
                return response;
        }
        const size_t size = std::strtoull(m_input.c_str(), nullptr, 16);
        while (m_input.size() < line + 2 + size + 2) {
            response.whole = more();
            if (!response.whole)
                return response;
        }
        response.body += m_input.substr(line + 2, size);
        m_input.erase(0, line + 2 + size + 2);
        if (size == 0)
            return response;
    }
}

bool HttpClient::receiveUntil(std::string_view part)
{
    while (m_input.find(part) == std::string::npos) {
        if (!more())
            return false;
    }
    return true;
}

bool HttpClient::closed()
{
    char bytes[16384];
    for (;;) {
        const ssize_t got = ::recv(m_socket, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
            return true;
        if (got < 0)
            return false;
    }
}

void HttpClient::endSending()
{
    ::shutdown(m_socket, SHUT_WR);
}

void HttpClient::abort()
{
    const linger reset{1, 0};
    ::setsockopt(m_socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(m_socket);
    m_socket = -1;
}

std::string getRequest(const std::string& target, const std::string& fields)
{
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

std::string postRequest(
    const std::string& target, const std::string& body, const std::string& fields)
{
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

HttpResponse ask(uint16_t port, const std::string& request)
{
    HttpClient client(port);
    client.send(request);
    return client.receive(request.starts_with("HEAD"));
}

} // namespace moe::tests
