// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/telemetry/importers.h"
#include "engine/telemetry/run_store.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::telemetry {

namespace {

constexpr size_t kMostBytes = 255; ///< as of a file's name

bool isControl(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

} // namespace

void checkRunText(const std::string& text, const std::string& where)
{
    const std::string limit
        = "at most " + std::to_string(kMostBytes) + " bytes of UTF-8 without control characters";
    if (text.size() > kMostBytes)
        throw Error(std::to_string(text.size()) + " bytes are too long", where, limit);
    if (std::any_of(text.begin(), text.end(), isControl))
        throw Error("a control character in it", where, limit);
    if (base::findInvalidUtf8(text))
        throw Error("not UTF-8", where, limit);
}

std::string presentableName(const std::string& text)
{
    std::string name = validUtf8(text.substr(0, kMostBytes));
    std::replace_if(name.begin(), name.end(), isControl, '?');
    return name;
}

} // namespace moe::telemetry
