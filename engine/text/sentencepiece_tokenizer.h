// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/text/tokenizer.h"

namespace moe::text {

/// A SentencePiece model through Google's library. Throws when `modelFile` is no such model.
/// `endOfSequence`: the piece that tokenizer_config.json names, else the model's own.
std::unique_ptr<Tokenizer> loadSentencePiece(const std::filesystem::path& modelFile);

} // namespace moe::text
