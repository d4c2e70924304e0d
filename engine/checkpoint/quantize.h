// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace moe::checkpoint {

/// Contract section 5: scale = max|w| / 448 in float32 (1 where all is zero), code = E4M3 of
/// w / scale, to nearest even, saturated.
enum class QuantScheme : uint8_t {
    Fp8Tensor, ///< vLLM's fp8: one `weight_scale` a matrix
    Fp8Channel, ///< compressed-tensors, strategy channel: `weight_scale` [out, 1]
    Fp8Block ///< fp8 with weight_block_size [128, 128]: `weight_scale_inv`, ragged at the edges
};
const char* nameOf(QuantScheme scheme); ///< "fp8-tensor", …
QuantScheme quantSchemeOf(const std::string& name); ///< throws, naming those that there are

/// The scheme's scales of a matrix [rows, columns], row-major in the scales' shape. `where` names
/// the matrix in the error for NaN and infinity.
std::vector<float> scalesOf(QuantScheme scheme, std::span<const float> matrix, int64_t rows,
    int64_t columns, const std::string& where);

struct QuantizeResult {
    int64_t quantized = 0, kept = 0; ///< tensors of the source
    int64_t bytesBefore = 0, bytesAfter = 0; ///< of the weights
};

/// Writes `out`, new or empty: config.json with its quantization_config, model.safetensors, the
/// tokenizer files. Tensors pass through memory one by one. Router, norms, biases, embedding and
/// head stay as they were; every other matrix of attention and experts is quantised; fused experts
/// become matrices of their own, under the names that other engines load. Throws moe::Error for a
/// source that is quantised already, experts that lie transposed (gpt-oss), matrices that we do not
/// know, NaN and infinity; Cancelled when `stop` is asked for.
QuantizeResult quantizeFolder(const std::filesystem::path& from, QuantScheme scheme,
    const std::filesystem::path& out, const std::stop_token& stop,
    const std::function<void(int64_t bytes, int64_t total)>& progress);

} // namespace moe::checkpoint
