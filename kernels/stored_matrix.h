// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"

#include <array>
#include <cstdint>
#include <vector>

namespace moe::kernels {

/// A StoredMatrix that products read where it lies, with scales of its own.
class HostPlaced final : public PlacedMatrix {
public:
    /// Throws moe::Error when sizes, scales or strides do not fit each other.
    explicit HostPlaced(const StoredMatrix& stored);
    const StoredMatrix& stored() const { return m_stored; }

private:
    std::vector<float> m_scales;
    StoredMatrix m_stored;
};

/// Bytes of one row's codes.
int64_t codeBytes(WeightFormat format, int64_t in);

/// The number a code of one byte stands for; NaN codes give NaN.
float valueOfE4M3(uint8_t code);
float valueOfE5M2(uint8_t code);
/// The nearest code, ties to even; beyond ±448 the largest of that sign, a NaN the NaN code.
uint8_t codeOfE4M3(float value);
/// IEEE binary16, exact.
float valueOfHalf(uint16_t bits);
/// E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
inline constexpr std::array<float, 16> kE2M1Values{0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F,
    -0.0F, -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F, -6.0F};
/// 2^(code − 127); 255 is NaN.
float valueOfE8M0(uint8_t code);

/// Elements along `in` that share an exponent of MxFloat4.
inline constexpr int64_t kMxBlock = 32;

} // namespace moe::kernels
