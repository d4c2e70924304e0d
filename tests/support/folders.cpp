// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/folders.h"

namespace moe::tests {

std::string inSource(const std::string& path)
{
    return MOE_SOURCE_DIR "/" + path;
}
std::string inBuild(const std::string& path)
{
    return MOE_BINARY_DIR "/" + path;
}

} // namespace moe::tests
