// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later

namespace moe::shell {
} // namespace moe::shell
