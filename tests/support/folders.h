// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

#include <string>

namespace moe::tests {

/// The absolute path of what is named by its path below the root of the tree, or below the build's
/// folder. Functions, so that the sources of the tests compile alike wherever the tree lies, and a
/// compiler cache serves them.
std::string inSource(const std::string& path);
std::string inBuild(const std::string& path);

inline QString qInSource(const char* path)
{
    return QString::fromStdString(inSource(path));
}
inline QString qInBuild(const char* path)
{
    return QString::fromStdString(inBuild(path));
}

} // namespace moe::tests
