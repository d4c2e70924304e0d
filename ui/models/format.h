// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cmath>
#include <cstdint>

namespace moe::models {

// Numbers as look.md section 7 writes them, in the default QLocale. What is not known is "—".

QString unknownText(); ///< "—"
QString formatFixed(double value, int decimals); ///< true minus sign, separators
QString formatCount(int64_t value); ///< "18,240"
QString formatCompact(double value); ///< "38.3 B", "240.5 k": one decimal, narrow space
QString formatLoss(double value); ///< 3 decimals
QString formatPercent(double share, int decimals = 2); ///< 0.0109: "1.09" (unit stands apart)
QString formatAlpha(double value); ///< 4 decimals
QString formatLearningRate(double value); ///< "2.51e-4"
QString formatUtilisation(double value); ///< 2 decimals
QString formatBytes(int64_t bytes); ///< "2.5 MB", units of 1000
QString formatDuration(double seconds); ///< largest two units: "4 d 5 h", "3 min 20 s", "8 s"
QString narrowSpace(); ///< before a unit

} // namespace moe::models
