// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/telemetry/record.h"

#include <QObject>
#include <QString>

#include <cstdint>
#include <filesystem>

namespace moe::workbench {

/// "step 20 of 120  loss 6.123  drop rate 3.21 %  α 0.0100  tokens/s 2345": a step for people.
QString figuresOf(const telemetry::StepRecord& record, int64_t steps);

/// Prints every tenth step of the newest run of a store (and the first and the last) on standard
/// output, read from the store on a thread of its own. GUI thread.
class FigurePrinter : public QObject {
    Q_OBJECT
public:
    FigurePrinter(std::filesystem::path store, int64_t steps, QObject* parent = nullptr);
    /// Prints what the store has and has not been printed.
    void print();

private:
    std::filesystem::path m_store;
    int64_t m_steps, m_printed = 0;
    bool m_reading = false;
};

} // namespace moe::workbench
