// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/random.h"
#include "engine/infer/weight_source.h"

namespace moe::infer {

/// Random weights of any shape that is asked for, to measure speed by: matrices of their own
/// memory, E4M3 with a scale a tensor (embedding and router BFloat16, as quantize() leaves them)
/// or all BFloat16, N(0, 0.02); norms are one.
class RandomWeights final : public WeightSource {
public:
    enum class Kind : uint8_t { Fp8, BFloat16 };
    RandomWeights(Kind kind, uint64_t seed);

    bool has(const std::string&) const override { return false; } // no fused tensors
    kernels::StoredMatrix matrix(const std::string& name, int64_t out, int64_t in) override;
    kernels::StoredMatrix matrixOf(
        const std::string& name, int64_t index, int64_t count, int64_t out, int64_t in) override;
    std::vector<float> values(const std::string& name, const std::vector<int64_t>& shape) override;

    /// What was asked for so far, norms and the embedding's table left out.
    struct Size {
        int64_t bytes = 0, elements = 0;
    };
    const Size& experts() const { return m_experts; }
    const Size& head() const { return m_head; }
    const Size& rest() const { return m_rest; }

private:
    Size& sizeOf(const std::string& name);

    Kind m_kind;
    Size m_experts, m_head, m_rest, m_embedding;
    base::Random m_random;
    std::vector<uint8_t> m_fp8; ///< random codes that matrices are cut from
    std::vector<uint16_t> m_bf16;
    std::vector<std::unique_ptr<std::byte[]>> m_memory;
};

} // namespace moe::infer
