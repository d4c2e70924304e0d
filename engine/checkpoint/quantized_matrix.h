// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/checkpoint/dialect.h"
#include "engine/checkpoint/safetensors.h"
#include "kernels/inference.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace moe::checkpoint {

/// Scales as float32, kept for as long as the matrices that point at them are in use.
using ScaleStore = std::deque<std::vector<float>>;

/// The tensor `name`, [out, in] in F32, BF16, F16 or, with scales beside it, F8, where it lies in
/// the memory map. A matrix has scales of its own: none is shared between q, k and v or w1 and w3.
/// Throws moe::Error, naming folder and tensor, for scales that are missing, of another size or
/// type or not finite, for F8 without a dialect, and for other types.
kernels::StoredMatrix storedMatrix(
    const WeightFiles& files, const Dialect& dialect, const std::string& name, ScaleStore& scales);

/// Matrix `index` of a fused tensor [count, out, in] ("….experts.gate_up_proj"); of NAME_blocks
/// [count, out, in / 32, 16] and NAME_scales [count, out, in / 32] where the dialect is MXFP4.
kernels::StoredMatrix storedExpert(const WeightFiles& files, const Dialect& dialect,
    const std::string& name, int64_t index, ScaleStore& scales);
/// The sizes [count, out, in] that storedExpert finds.
std::vector<int64_t> fusedShape(
    const WeightFiles& files, const Dialect& dialect, const std::string& name);

/// Rows [first, first + count) of a matrix. Where a block's rows are cut, the new matrix has blocks
/// of fewer rows and repeats scales.
kernels::StoredMatrix rowsOf(
    const kernels::StoredMatrix& matrix, int64_t first, int64_t count, ScaleStore& scales);

/// Code × scale in float32, [out, in] row-major.
void dequantize(const kernels::StoredMatrix& matrix, float* to);
/// All elements of the tensor `name` as float32, quantised or not.
void readFloat32(
    const WeightFiles& files, const Dialect& dialect, const std::string& name, float* to);
bool isQuantized(const StoredTensor& tensor); ///< F8: its elements mean nothing without scales

/// The tensors that stand beside a quantised tensor and belong to it: its scales, those of its
/// activations, MXFP4's blocks. Empty for others.
std::vector<std::string> companionsOf(
    const WeightFiles& files, const Dialect& dialect, const std::string& name);
/// Scales of an FP8 KV cache ("….self_attn.k_scale"), which quantised checkpoints may have.
bool isCacheScale(const Dialect& dialect, const std::string& name);

} // namespace moe::checkpoint
