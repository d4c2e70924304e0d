// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/theme.h"

#include <QIcon>
#include <QString>

namespace moe::training {

/// The symbol of a run's state ("running", …) in its colour.
inline QIcon stateIcon(const QString& state)
{
    if (state == QLatin1String("running"))
        return shell::icon(QStringLiteral("play"), &shell::Theme::accent);
    if (state == QLatin1String("paused"))
        return shell::icon(QStringLiteral("pause"));
    if (state == QLatin1String("failed"))
        return shell::icon(QStringLiteral("cross"), &shell::Theme::error);
    if (state == QLatin1String("stopped"))
        return shell::icon(QStringLiteral("square"));
    if (state == QLatin1String("imported"))
        return shell::icon(QStringLiteral("import"));
    return shell::icon(QStringLiteral("check"));
}

} // namespace moe::training
