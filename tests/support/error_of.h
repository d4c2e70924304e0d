// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/error.h"

#include <functional>
#include <string>

namespace moe::tests {

/// The line of the moe::Error that `work` throws; empty when it throws none.
inline std::string errorOf(const std::function<void()>& work)
{
    try {
        work();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

} // namespace moe::tests
