// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a SentencePiece model: a moe::Error, or ids within the vocabulary that decode again.
#include "engine/text/sentencepiece_tokenizer.h"
#include "kernels/error.h"
#include "tests/fuzz/memory_file.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const moe::fuzz::MemoryFile file(data, size);
    try {
        const auto tokenizer = moe::text::loadSentencePiece(file.path());
        const std::vector<int32_t> ids
            = tokenizer->encodeRendered("The router's 2 experts,  中文 é\n\t<s> 🙂▁a");
        for (const int32_t id : ids) {
            if (id < 0 || id >= tokenizer->vocabSize())
                std::abort();
            tokenizer->bytesOf(id, false);
        }
        tokenizer->decode(ids, true);
    } catch (const moe::Error&) {
    }
    return 0;
}
