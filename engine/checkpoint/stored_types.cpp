// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/safetensors_header.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"
#include "kernels/fp8.h"

#include <array>
#include <bit>
#include <cstring>

namespace moe::checkpoint {

namespace {

struct TypeRow {
    StoredType type;
    const char *name, *torchName;
    int64_t bytes;
};
constexpr std::array<TypeRow, 9> kTypes{{
    {StoredType::F64, "F64", "float64", 8},
    {StoredType::F32, "F32", "float32", 4},
    {StoredType::F16, "F16", "float16", 2},
    {StoredType::BF16, "BF16", "bfloat16", 2},
    {StoredType::F8E4M3, "F8_E4M3", "float8_e4m3fn", 1},
    {StoredType::F8E5M2, "F8_E5M2", "float8_e5m2", 1},
    {StoredType::U8, "U8", "uint8", 1},
    {StoredType::I64, "I64", "int64", 8},
    {StoredType::I32, "I32", "int32", 4},
}};

template <typename From, typename Convert>
void convert(std::span<const std::byte> bytes, float* to, const Convert& toFloat)
{
    for (size_t i = 0; i < bytes.size() / sizeof(From); ++i)
        to[i] = toFloat(base::readUnaligned<From>(bytes.data() + i * sizeof(From)));
}

template <typename To, typename Convert>
void convert(const float* from, int64_t elements, std::byte* to, const Convert& fromFloat)
{
    for (int64_t i = 0; i < elements; ++i) {
        const To value = fromFloat(from[i]);
        std::memcpy(to + static_cast<size_t>(i) * sizeof(To), &value, sizeof(To));
    }
}

} // namespace

const char* nameOf(StoredType type)
{
    return kTypes[static_cast<size_t>(type)].name;
}

const char* torchNameOf(StoredType type)
{
    return kTypes[static_cast<size_t>(type)].torchName;
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
        convert<uint16_t>(bytes, to, kernels::decodeFloat16);
        break;
    case StoredType::F64:
        convert<double>(bytes, to, [](double value) { return static_cast<float>(value); });
        break;
    default:
        throw Error(std::string("stored as ") + nameOf(type), "a weight",
            "F32, BF16, F16 or F64 are read here");
    }
}

void fromFloat32(const float* from, int64_t elements, StoredType type, std::byte* to)
{
    switch (type) {
    case StoredType::F32:
        return convert<float>(from, elements, to, [](float value) { return value; });
    case StoredType::BF16:
        return convert<uint16_t>(
            from, elements, to, [](float value) { return kernels::BFloat16(value).bits; });
    case StoredType::F16:
        return convert<uint16_t>(from, elements, to, kernels::encodeFloat16);
    case StoredType::F64:
        return convert<double>(from, elements, to, [](float value) { return double{value}; });
    default:
        throw Error(std::string("cannot be stored as ") + nameOf(type), "a weight",
            "F32, BF16, F16 or F64 are written here");
    }
}

} // namespace moe::checkpoint
