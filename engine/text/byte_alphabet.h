// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace moe::text {

// GPT-2's alphabet: every byte stands as one printable character. Printable Latin-1 stands for
// itself, the other 68 bytes are U+0100 and up in their order.

/// The character of each byte, in UTF-8.
const std::array<std::string, 256>& byteCharacters();

/// Appends the bytes that `token` spells; false, and nothing appended, when a character of it is
/// not of the alphabet.
bool appendSpelledBytes(std::string& bytes, std::string_view token);

} // namespace moe::text
