// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/serve/server.h"

#include <QObject>
#include <QString>

#include <memory>

namespace moe::session {

/// The endpoint of `moe serve`, switched on and off from the window for a model that is open in
/// it: one copy of the weights. Starting and stopping happen on a thread of their own, since both
/// may wait. Lives on the GUI thread.
class Endpoint : public QObject {
    Q_OBJECT
public:
    enum class State { Off, Starting, On, Stopping };

    explicit Endpoint(QObject* parent = nullptr);
    ~Endpoint() override; ///< stops, and waits for it

    /// Only when Off: On follows, or failed() and Off.
    void start(serve::ServedModel model, serve::ServerOptions options);
    /// Off follows when the answers under way have ended (serve::Limits::graceTime).
    void stop();
    /// Stops, and returns when the model is used no more. Any thread but the GUI's.
    void release();

    State state() const;
    QString address() const; ///< "http://127.0.0.1:8080" while On
    serve::ServerSnapshot snapshot() const; ///< of the server that runs, else of the last one

Q_SIGNALS:
    void changed(); ///< the state
    void failed(const QString& line); ///< it could not be switched on; changed() follows

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::session
