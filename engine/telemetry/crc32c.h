// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace moe::telemetry {

/// CRC-32C (Castagnoli), reflected polynomial 0x82F63B78.
uint32_t crc32c(std::span<const std::byte> bytes);

/// As TensorFlow's record files store it: rotated right by 15 and offset, so that a checksum of
/// data that holds checksums stays a good one.
uint32_t maskedCrc32c(std::span<const std::byte> bytes);

} // namespace moe::telemetry
