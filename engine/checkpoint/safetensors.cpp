// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/safetensors.h"

#include "engine/base/json.h"
#include "engine/checkpoint/safetensors_header.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace moe::checkpoint {

namespace {

constexpr uint64_t kLargestHeader = 100'000'000; // the format's own limit

struct TypeRow {
    StoredType type;
    const char* name;
    int64_t bytes;
};
constexpr std::array<TypeRow, 9> kTypes{{
    {StoredType::F64, "F64", 8},
    {StoredType::F32, "F32", 4},
    {StoredType::F16, "F16", 2},
    {StoredType::BF16, "BF16", 2},
    {StoredType::F8E4M3, "F8_E4M3", 1},
    {StoredType::F8E5M2, "F8_E5M2", 1},
    {StoredType::U8, "U8", 1},
    {StoredType::I64, "I64", 8},
    {StoredType::I32, "I32", 4},
}};

float halfToFloat(uint16_t half)
{
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16U;
    const uint32_t exponent = (half >> 10U) & 0x1FU, fraction = half & 0x3FFU;
    if (exponent == 0) // zero and subnormals: fraction · 2⁻²⁴
        return std::bit_cast<float>(
            sign | std::bit_cast<uint32_t>(static_cast<float>(fraction) * 0x1.0p-24F));
    const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

template <typename From, typename Convert>
void convert(std::span<const std::byte> bytes, float* to, const Convert& toFloat)
{
    for (size_t i = 0; i < bytes.size() / sizeof(From); ++i)
        to[i] = toFloat(base::readUnaligned<From>(bytes.data() + i * sizeof(From)));
}

} // namespace

const char* nameOf(StoredType type)
{
    return kTypes[static_cast<size_t>(type)].name;
}

int64_t bytesOf(StoredType type)
{
    return kTypes[static_cast<size_t>(type)].bytes;
}

bool typeOf(const std::string& name, StoredType& type)
{
    for (const TypeRow& row : kTypes) {
        if (name == row.name) {
            type = row.type;
            return true;
        }
    }
    return false;
}

int64_t StoredTensor::elements() const
{
    return static_cast<int64_t>(bytes.size()) / bytesOf(type);
}

void StoredTensor::toFloat32(float* to) const
{
    switch (type) {
    case StoredType::F32:
        if (!bytes.empty())
            std::memcpy(to, bytes.data(), bytes.size());
        break;
    case StoredType::BF16:
        convert<uint16_t>(bytes, to,
            [](uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16U); });
        break;
    case StoredType::F16:
        convert<uint16_t>(bytes, to, halfToFloat);
        break;
    case StoredType::F64:
        convert<double>(bytes, to, [](double value) { return static_cast<float>(value); });
        break;
    default:
        throw Error(std::string("stored as ") + nameOf(type), "a weight",
            "F32, BF16, F16 or F64 are read here");
    }
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : m_file(path)
{
    const std::span<const std::byte> all = m_file.bytes();
    const std::string where = path.string();
    if (all.size() < 8)
        throw Error("not a .safetensors file", where,
            "it has " + std::to_string(all.size()) + " bytes, fetch it again");
    const auto headerBytes = base::readUnaligned<uint64_t>(all.data());
    if (headerBytes > kLargestHeader || headerBytes > all.size() - 8)
        throw Error("the header is cut off, or this is no .safetensors file", where,
            "it claims " + std::to_string(headerBytes) + " bytes of header in a file of "
                + std::to_string(all.size()) + ", fetch it again");
    const std::string_view json(
        reinterpret_cast<const char*>(all.data()) + 8, static_cast<size_t>(headerBytes));
    const std::span<const std::byte> data = all.subspan(8 + static_cast<size_t>(headerBytes));
    Header header = parseHeader(json, data.size(), where);
    for (HeaderEntry& entry : header.tensors)
        m_tensors[std::move(entry.name)] = {
            entry.type, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin)};
    m_metadata = std::move(header.metadata);
}

} // namespace moe::checkpoint
