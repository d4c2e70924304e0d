// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/theme.h"

#include <QSize>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <optional>
#include <vector>

namespace moe::workbench {

/// The command line of moe-workbench.
struct Options {
    bool demo = false, help = false, version = false;
    std::optional<int64_t> steps; ///< of the demo
    QString open; ///< a run
    std::optional<shell::ThemeChoice> theme;
    QString language; ///< "en", "zh_CN"; empty: settings, then the desktop
    std::optional<QSize> size;
    QString screenshots; ///< folder; empty: none
    std::vector<int64_t> screenshotsAt; ///< steps, rising
    std::optional<double> quitAfterSeconds;
    QString store;
    int threads = 0; ///< 0: as many as there are cores
};

/// `arguments` without the program's name. Throws moe::UsageError naming the option.
Options parseOptions(const QStringList& arguments);

QString helpText();

} // namespace moe::workbench
