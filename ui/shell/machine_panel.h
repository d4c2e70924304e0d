// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/machine.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace moe::shell {

/// "This machine": the devices, their free memory, what they do, and a button that measures them.
class MachinePanel : public QWidget {
    Q_OBJECT
public:
    explicit MachinePanel(QWidget* parent = nullptr);

    void setState(const QString& state); ///< "idle", "training"
    /// What Measure devices runs, on a thread of its own; its line is shown. Empty: the button is
    /// disabled and says why.
    void setMeasurement(std::function<QString()> measure);
    void refresh(); ///< reads the free memory again

Q_SIGNALS:
    void factsRead(const moe::shell::MachineFacts& facts);

private:
    void showFacts(const MachineFacts& facts);
    void measure();

    QLabel *m_device, *m_memory, *m_state, *m_result;
    QPushButton* m_measure;
    std::function<QString()> m_measurement;
};

} // namespace moe::shell
