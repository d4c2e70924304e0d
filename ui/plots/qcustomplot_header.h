// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// QCustomPlot's header is written with Qt's lower-case keywords, which the window is built without.
#define signals Q_SIGNALS // NOLINT
#define slots Q_SLOTS // NOLINT
#define foreach Q_FOREACH // NOLINT
#include <qcustomplot.h>
#undef foreach
#undef signals
#undef slots
