// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace moe::telemetry {

/// The bytes of Protocol Buffers: just enough for TensorBoard's events, so that no library is
/// needed. A message is a row of fields: a varint (number << 3 | type), then the value.
enum class WireType : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

class MessageWriter {
public:
    void varint(int field, uint64_t value);
    void real(int field, double value);
    void real32(int field, float value);
    void bytes(int field, std::string_view value); ///< text, or a message within
    void packedReals(int field, std::span<const double> values);
    const std::string& data() const { return m_data; }

private:
    void number(uint64_t value);
    void tag(int field, WireType type);
    std::string m_data;
};

/// One field as read; which member counts follows from `type`.
struct WireField {
    int number = 0;
    WireType type = WireType::Varint;
    uint64_t integer = 0; ///< Varint, and the raw bits of Fixed64 and Fixed32
    std::span<const std::byte> bytes;

    double real() const; ///< of Fixed64
    float real32() const; ///< of Fixed32
    std::string_view text() const;
};

/// Walks over the fields of a message; unknown ones are for the caller to ignore.
class MessageReader {
public:
    explicit MessageReader(std::span<const std::byte> bytes)
        : m_rest(bytes)
    {
    }
    /// False at the end, and where the bytes are no message: then broken() is true.
    bool next(WireField& field);
    bool broken() const { return m_broken; }

private:
    bool number(uint64_t& value);
    std::span<const std::byte> m_rest;
    bool m_broken = false;
};

} // namespace moe::telemetry
