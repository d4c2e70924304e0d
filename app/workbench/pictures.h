// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QWidget;

namespace moe::workbench {

/// Renders the window as it is now into FOLDER/NAME.png, making the folder. Throws moe::Error when
/// it cannot be written.
void takePicture(QWidget& window, const QString& folder, const QString& name);

/// Throws moe::Error when takePicture() could not write into the folder; makes it when missing.
void requirePictureFolder(const QString& folder);

} // namespace moe::workbench
