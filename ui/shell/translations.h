// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QCoreApplication;

namespace moe::shell {

/// Loads the window's texts and Qt's own for "en" or "zh_CN" (empty: the desktop's language) and
/// makes QLocale format numbers and dates that way. Before the first widget. Returns the language
/// in force.
QString installTranslations(QCoreApplication& application, const QString& language);

} // namespace moe::shell
