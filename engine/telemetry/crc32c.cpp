// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/crc32c.h"

#include <array>
#include <bit>
#include <cstddef>

namespace moe::telemetry {

namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

/// tables[k][b]: what byte b does to the checksum k bytes later.
constexpr Tables makeTables()
{
    Tables tables{};
    for (uint32_t b = 0; b < 256; ++b) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78U : 0U);
        tables[0][b] = crc;
    }
    for (size_t k = 1; k < tables.size(); ++k) {
        for (size_t b = 0; b < 256; ++b)
            tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xFF];
    }
    return tables;
}

constexpr Tables kTables = makeTables();

} // namespace

uint32_t crc32c(std::span<const std::byte> bytes)
{
    uint32_t crc = ~0U;
    while (bytes.size() >= 8) { // eight bytes a turn: eight independent look-ups
        uint32_t next = 0;
        for (size_t k = 0; k < 8; ++k) {
            const uint32_t mixed = k < 4 ? crc >> (8 * k) : 0;
            next ^= kTables[7 - k][(mixed ^ std::to_integer<uint32_t>(bytes[k])) & 0xFF];
        }
        crc = next;
        bytes = bytes.subspan(8);
    }
    for (const std::byte byte : bytes)
        crc = (crc >> 8) ^ kTables[0][(crc ^ std::to_integer<uint32_t>(byte)) & 0xFF];
    return ~crc;
}

uint32_t maskedCrc32c(std::span<const std::byte> bytes)
{
    return std::rotr(crc32c(bytes), 15) + 0xA282EAD8U;
}

} // namespace moe::telemetry
