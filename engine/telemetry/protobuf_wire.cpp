// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/protobuf_wire.h"

#include "engine/base/files.h"

#include <bit>

namespace moe::telemetry {

using base::readUnaligned;

void MessageWriter::number(uint64_t value)
{
    while (value >= 0x80) {
        m_data += static_cast<char>(static_cast<uint8_t>(value | 0x80));
        value >>= 7;
    }
    m_data += static_cast<char>(static_cast<uint8_t>(value));
}

void MessageWriter::tag(int field, WireType type)
{
    number(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type));
}

void MessageWriter::varint(int field, uint64_t value)
{
    tag(field, WireType::Varint);
    number(value);
}

void MessageWriter::real(int field, double value)
{
    tag(field, WireType::Fixed64);
    m_data.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void MessageWriter::real32(int field, float value)
{
    tag(field, WireType::Fixed32);
    m_data.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void MessageWriter::bytes(int field, std::string_view value)
{
    tag(field, WireType::Bytes);
    number(value.size());
    m_data.append(value);
}

void MessageWriter::packedReals(int field, std::span<const double> values)
{
    bytes(field, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

double WireField::real() const
{
    return std::bit_cast<double>(integer);
}

float WireField::real32() const
{
    return std::bit_cast<float>(static_cast<uint32_t>(integer));
}

std::string_view WireField::text() const
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool MessageReader::number(uint64_t& value)
{
    value = 0;
    for (int shift = 0; shift < 64 && !m_rest.empty(); shift += 7) {
        const auto byte = std::to_integer<uint64_t>(m_rest.front());
        m_rest = m_rest.subspan(1);
        value |= (byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    m_broken = true;
    return false;
}

bool MessageReader::next(WireField& field)
{
    uint64_t tag = 0;
    if (m_broken || m_rest.empty() || !number(tag))
        return false;
    field = {};
    field.number = static_cast<int>(tag >> 3 & 0x1FFFFFFF);
    field.type = static_cast<WireType>(tag & 7);
    size_t size = 0;
    switch (field.type) {
    case WireType::Varint:
        return number(field.integer);
    case WireType::Fixed64:
        size = 8;
        break;
    case WireType::Fixed32:
        size = 4;
        break;
    case WireType::Bytes: {
        uint64_t length = 0;
        if (!number(length))
            return false;
        m_broken = length > m_rest.size();
        size = m_broken ? 0 : length;
        break;
    }
    default:
        m_broken = true;
    }
    if (m_broken || m_rest.size() < size) {
        m_broken = true;
        return false;
    }
    field.bytes = m_rest.first(size);
    if (field.type == WireType::Fixed64)
        field.integer = readUnaligned<uint64_t>(field.bytes.data());
    else if (field.type == WireType::Fixed32)
        field.integer = readUnaligned<uint32_t>(field.bytes.data());
    m_rest = m_rest.subspan(size);
    return true;
}

} // namespace moe::telemetry
