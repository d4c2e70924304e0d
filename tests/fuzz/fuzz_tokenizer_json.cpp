// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a tokenizer.json, and the rest behind a NUL as a text: a moe::Error, or ids within
// the vocabulary that decode again, whole and as a stream.
#include "engine/base/files.h"
#include "engine/text/bpe_tokenizer.h"
#include "engine/text/stream_decoder.h"
#include "kernels/error.h"

#include <cstdlib>
#include <cstring>

namespace {

void check(const moe::text::Tokenizer& tokenizer, std::string_view text)
{
    const std::vector<int32_t> ids = tokenizer.encode(text);
    for (const int32_t id : ids) {
        if (id < 0 || id >= tokenizer.vocabSize())
            std::abort();
    }
    const std::string decoded = tokenizer.decode(ids, true);
    moe::text::StreamDecoder stream(tokenizer, false);
    for (const int32_t id : ids) {
        if (moe::base::findInvalidUtf8(stream.push(id)))
            std::abort();
    }
    if (moe::base::findInvalidUtf8(decoded) || moe::base::findInvalidUtf8(stream.finish()))
        std::abort();
    tokenizer.encodePrompt(text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const size_t end = std::min(size, bytes.find('\0'));
    try {
        const auto tokenizer
            = moe::text::parseTokenizerJson(bytes.substr(0, end), "tokenizer.json", std::nullopt);
        check(*tokenizer, "The router's 2 experts,  中文 é\n\t<s> 🙂▁a");
        if (end < size)
            check(*tokenizer, bytes.substr(end + 1));
    } catch (const moe::Error&) {
    }
    return 0;
}
