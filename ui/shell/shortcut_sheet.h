// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_registry.h"

#include <QDialog>

namespace moe::shell {

/// Ctrl+/: every action that has a key, by category, and the keys of plots and tables. GUI thread.
class ShortcutSheet : public QDialog {
    Q_OBJECT
public:
    explicit ShortcutSheet(const ActionRegistry& actions, QWidget* parent = nullptr);
};

} // namespace moe::shell
