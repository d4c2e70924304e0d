// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/token_logits.h"

#include "engine/base/files.h"
#include "kernels/error.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace moe::infer {

std::vector<float> tokenLogits(
    kernels::Backend& backend, InferenceModel& model, std::span<const int32_t> tokens)
{
    const auto count = static_cast<int64_t>(tokens.size());
    const int64_t vocabulary = model.config().vocabSize;
    if (count < 1 || count > model.context())
        throw Error(std::to_string(count) + " tokens", "--tokens",
            "1 to " + std::to_string(model.context()) + ", the context");
    const int64_t pages = (count + kPageTokens - 1) / kPageTokens;
    const KvCache cache(backend, model.config(), pages, model.activations());
    std::vector<int32_t> table(static_cast<size_t>(pages));
    std::iota(table.begin(), table.end(), 0);
    const int64_t chunk = std::min(count, model.largestBatch());
    const kernels::Tensor out = backend.allocate(
        {chunk, vocabulary}, kernels::DType::Float32, kernels::MemoryKind::Activations);
    std::vector<float> logits(static_cast<size_t>(count * vocabulary));
    for (int64_t done = 0; done < count; done += chunk) {
        const int64_t now = std::min(chunk, count - done);
        std::vector<kernels::PagedRow> rows;
        rows.reserve(static_cast<size_t>(now));
        for (int64_t i = 0; i < now; ++i)
            rows.push_back({done + i, 0});
        const kernels::TensorView part = out.view().slice(0, now);
        model.forward(tokens.subspan(static_cast<size_t>(done), static_cast<size_t>(now)),
            {rows, table}, cache, part);
        backend.download(logits.data() + done * vocabulary, part);
    }
    return logits;
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
