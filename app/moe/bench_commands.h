// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/moe/command.h"

namespace moe::cli {

/// The parts of `moe bench` that measure inference.
Command benchDecodeCommand();
Command benchPrefillCommand();

} // namespace moe::cli
