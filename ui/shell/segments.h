// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

class QPushButton;
class QToolButton;

namespace moe::shell {

/// Small buttons side by side, without a gap, as one control.
void makeSegments(const QList<QPushButton*>& buttons);
/// A tool button with the frame and the chevron of a combo box: it opens a list of its own.
void makeField(QToolButton* button);

} // namespace moe::shell
