// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// tokenizer_rate TOKENIZER TEXT: megabytes a second that one thread encodes.
// tokenizer_rate TOKENIZER STRINGS.json: [[ids, decoded text], …] of a list of strings, for
// tests/fixtures/make_tokenizer_fixtures.py --random.
#include "engine/base/files.h"
#include "engine/base/json.h"
#include "engine/text/tokenizer.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace moe;

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void printRate(const text::Tokenizer& tokenizer, const std::string& text)
{
    double best = 1e9;
    size_t tokens = 0;
    for (int round = 0; round < 5; ++round) {
        const auto start = std::chrono::steady_clock::now();
        tokens = tokenizer.encode(text).size();
        best = std::min(best, secondsSince(start));
    }
    std::printf("%.2f MB/s, %zu bytes, %zu tokens\n", static_cast<double>(text.size()) / best / 1e6,
        text.size(), tokens);
}

int run(const std::string& tokenizerFile, const std::string& input)
{
    const auto start = std::chrono::steady_clock::now();
    const auto tokenizer = text::loadTokenizer(tokenizerFile);
    std::fprintf(stderr, "loaded in %.3f s\n", secondsSince(start));
    if (!input.ends_with(".json")) {
        printRate(*tokenizer, base::readFile(input));
        return 0;
    }
    base::Json rows = base::Json::array();
    for (const base::Json& string : base::readJsonFile(input)) {
        const std::vector<int32_t> ids = tokenizer->encodePrompt(string.get<std::string>());
        rows.push_back({ids, tokenizer->decode(ids)});
    }
    std::puts(rows.dump().c_str());
    return 0;
}

} // namespace

int main(int count, char** words)
{
    if (count != 3) {
        std::fputs("usage: tokenizer_rate TOKENIZER TEXT|STRINGS.json\n", stderr);
        return 2;
    }
    try {
        return run(words[1], words[2]);
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
