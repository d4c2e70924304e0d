// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/signals.h"

#include "kernels/error.h"

#include <csignal>
#include <sys/socket.h>
#include <unistd.h>

namespace moe::workbench {

namespace {

int sockets[2] = {-1, -1}; // written to by the handler, read from by the notifier

void handle(int signal)
{
    const auto byte = static_cast<unsigned char>(signal);
    if (::write(sockets[0], &byte, 1) != 1) { // nobody left to tell: nothing to do in a handler
    }
}

void install(int signal)
{
    struct sigaction action = {};
    action.sa_handler = handle;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | SA_RESETHAND;
    ::sigaction(signal, &action, nullptr);
}

} // namespace

SignalCatcher::SignalCatcher(QObject* parent)
    : QObject(parent)
{
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        throw Error(
            "no socket pair for signals", "the system", "close some files of other programs");
    m_notifier = std::make_unique<QSocketNotifier>(sockets[1], QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &SignalCatcher::read);
    install(SIGINT);
    install(SIGTERM);
    struct sigaction hangUp = {};
    if (::sigaction(SIGHUP, nullptr, &hangUp) == 0 && hangUp.sa_handler != SIG_IGN) // by nohup
        install(SIGHUP);
}

SignalCatcher::~SignalCatcher()
{
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action = {};
        if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == handle)
            std::signal(signal, SIG_DFL);
    }
    m_notifier.reset();
    ::close(sockets[0]);
    ::close(sockets[1]);
}

void SignalCatcher::read()
{
    unsigned char byte = 0;
    if (::read(sockets[1], &byte, 1) == 1)
        Q_EMIT caught(byte);
}

} // namespace moe::workbench
