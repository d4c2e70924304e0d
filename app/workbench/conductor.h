// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/workbench/options.h"

#include <QObject>

#include <functional>
#include <memory>

namespace moe::shell {
class MainWindow;
}

namespace moe::workbench {

/// Brings the workspaces into the window and does what the command line asks: the demo, a run to
/// open, pictures. GUI thread.
class Conductor : public QObject {
    Q_OBJECT
public:
    /// `pictures`: a session that takes screenshots (or prints figures) and ends by itself.
    Conductor(
        shell::MainWindow& window, const Options& options, const QString& store, bool pictures);
    ~Conductor() override;

    void begin();
    /// Stops the run of this process, which saves it, and leaves the event loop.
    void stopAndQuit();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::workbench
