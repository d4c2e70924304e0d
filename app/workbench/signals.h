// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSocketNotifier>

#include <memory>

namespace moe::workbench {

/// SIGINT and SIGTERM as a Qt signal on the GUI thread: the handler only writes a byte into a
/// socket pair. A second signal of the same kind ends the process as the system would.
class SignalCatcher : public QObject {
    Q_OBJECT
public:
    explicit SignalCatcher(QObject* parent = nullptr);
    ~SignalCatcher() override;

Q_SIGNALS:
    void caught(int signal);

private:
    void read();
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace moe::workbench
