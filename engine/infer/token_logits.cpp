// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/token_logits.h"

#include "engine/base/files.h"
#include "kernels/error.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace moe::infer {

void eachLogits(kernels::Backend& backend, InferenceModel& model, const KvCache& cache,
    std::span<const int32_t> tokens, int64_t chunk, const OnLogits& visit)
{
    const auto count = static_cast<int64_t>(tokens.size());
    const int64_t vocabulary = model.config().vocabSize;
    std::vector<int32_t> table(static_cast<size_t>((count + kPageTokens - 1) / kPageTokens));
    std::iota(table.begin(), table.end(), 0);
    const kernels::Tensor out = backend.allocate({std::min(chunk, count), vocabulary},
        kernels::DType::Float32, kernels::MemoryKind::Activations);
    std::vector<float> logits;
    for (int64_t done = 0; done < count; done += chunk) {
        const int64_t now = std::min(chunk, count - done);
        std::vector<kernels::PagedRow> rows;
        rows.reserve(static_cast<size_t>(now));
        for (int64_t i = 0; i < now; ++i)
            rows.push_back({done + i, 0});
        const kernels::TensorView part = out.view().slice(0, now);
        model.forward(tokens.subspan(static_cast<size_t>(done), static_cast<size_t>(now)),
            {rows, table}, cache, part);
        logits.resize(static_cast<size_t>(now * vocabulary));
        backend.download(logits.data(), part);
        visit(done, logits);
    }
}

std::vector<float> tokenLogits(
    kernels::Backend& backend, InferenceModel& model, std::span<const int32_t> tokens)
{
    const auto count = static_cast<int64_t>(tokens.size());
    const int64_t vocabulary = model.config().vocabSize;
    if (count < 1 || count > model.context())
        throw Error(std::to_string(count) + " tokens", "--tokens",
            "1 to " + std::to_string(model.context()) + ", the context");
    const KvCache cache(
        backend, model.config(), (count + kPageTokens - 1) / kPageTokens, model.activations());
    std::vector<float> all(static_cast<size_t>(count * vocabulary));
    eachLogits(backend, model, cache, tokens, model.largestBatch(),
        [&](int64_t first, std::span<const float> logits) {
            std::copy(logits.begin(), logits.end(), all.begin() + first * vocabulary);
        });
    return all;
}

void writeNpy(const std::filesystem::path& path, const std::vector<float>& values, int64_t rows,
    int64_t columns)
{
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': ("
        + std::to_string(rows) + ", " + std::to_string(columns) + "), }";
    constexpr size_t kBefore = 10, kAlignment = 64; // magic, version, length; data aligned
    header.resize((kBefore + header.size() + kAlignment) / kAlignment * kAlignment - kBefore, ' ');
    header.back() = '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xFFU);
    bytes += static_cast<char>(header.size() >> 8U);
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    base::writeFileAtomically(path, bytes);
}

} // namespace moe::infer
