// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/error.h"

namespace moe {

/// Memory is used up. Who knows what it was for says what would help.
class OutOfMemory : public Error {
public:
    using Error::Error;
};

} // namespace moe
