// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace moe::text {

/// What the SentencePiece library takes on trust from a model file and would end the process for,
/// or read beyond its memory: pieces (UTF-8 without NUL, finite scores, byte pieces by their name)
/// and the double array of the normaliser's map. Throws, naming `where`. Whether that map is there:
/// texts keep every character else.
bool checkSentencePieceModel(std::string_view model, const std::string& where);

} // namespace moe::text
