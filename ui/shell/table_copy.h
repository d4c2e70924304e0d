// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QAbstractItemView;

namespace moe::shell {

/// Puts the selected cells on the clipboard, a line a row, tabs between columns. Hidden columns
/// stay out. False when nothing is selected.
bool copySelection(const QAbstractItemView* view);

/// What Ctrl+C means for the widget with the focus: its own copy(), or the selected cells.
void copyFromFocus();

} // namespace moe::shell
