// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/host_array.h"

#include "kernels/bfloat16.h"
#include "kernels/fp8.h"

#include <cstring>

namespace moe::kernels::cases {

using kernels::BFloat16;
using kernels::DType;
using kernels::Shape;

namespace {

/// A code of E4M3 that converts as the built-in float types do.
struct Float8 {
    uint8_t code = 0;

    Float8() = default;
    explicit Float8(double value)
        : code(kernels::encodeE4M3(static_cast<float>(value)))
    {
    }
    explicit operator double() const { return kernels::decodeE4M3(code); }
};

template <typename T> void encodeAs(const std::vector<double>& values, std::byte* to)
{
    for (size_t i = 0; i < values.size(); ++i) {
        const T value = static_cast<T>(values[i]);
        std::memcpy(to + i * sizeof(T), &value, sizeof(T));
    }
}

template <typename T> std::vector<double> decodeAs(size_t count, const std::byte* from)
{
    std::vector<double> values(count);
    for (size_t i = 0; i < count; ++i) {
        T value{};
        std::memcpy(&value, from + i * sizeof(T), sizeof(T));
        values[i] = static_cast<double>(value);
    }
    return values;
}

} // namespace

std::vector<std::byte> encode(const HostArray& array)
{
    std::vector<std::byte> bytes(
        array.values.size() * static_cast<size_t>(kernels::bytesOf(array.dtype)));
    switch (array.dtype) {
    case DType::Float32:
        encodeAs<float>(array.values, bytes.data());
        break;
    case DType::BFloat16:
        encodeAs<BFloat16>(array.values, bytes.data());
        break;
    case DType::Float64:
        encodeAs<double>(array.values, bytes.data());
        break;
    case DType::Int32:
        encodeAs<int32_t>(array.values, bytes.data());
        break;
    case DType::Int64:
        encodeAs<int64_t>(array.values, bytes.data());
        break;
    case DType::Float8E4M3:
        encodeAs<Float8>(array.values, bytes.data());
        break;
    }
    return bytes;
}

HostArray decode(Shape shape, DType dtype, const std::byte* bytes)
{
    const auto count = static_cast<size_t>(shape.elements());
    switch (dtype) {
    case DType::Float32:
        return {shape, dtype, decodeAs<float>(count, bytes)};
    case DType::BFloat16:
        return {shape, dtype, decodeAs<BFloat16>(count, bytes)};
    case DType::Float64:
        return {shape, dtype, decodeAs<double>(count, bytes)};
    case DType::Int32:
        return {shape, dtype, decodeAs<int32_t>(count, bytes)};
    case DType::Int64:
        return {shape, dtype, decodeAs<int64_t>(count, bytes)};
    case DType::Float8E4M3:
        return {shape, dtype, decodeAs<Float8>(count, bytes)};
    }
    return {};
}

HostArray hostArray(Shape shape, DType dtype, const std::vector<double>& values)
{
    return decode(shape, dtype, encode({shape, dtype, values}).data());
}

HostArray hostArray(Shape shape, const std::vector<int32_t>& values)
{
    return {shape, DType::Int32, {values.begin(), values.end()}};
}

double RandomInputs::uniform(double low, double high)
{
    return std::uniform_real_distribution<double>(low, high)(m_engine);
}

int64_t RandomInputs::below(int64_t bound)
{
    return std::uniform_int_distribution<int64_t>(0, bound - 1)(m_engine);
}

std::vector<double> RandomInputs::normals(int64_t count, double deviation)
{
    std::normal_distribution<double> normal(0, deviation);
    std::vector<double> values(static_cast<size_t>(count));
    for (double& value : values)
        value = normal(m_engine);
    return values;
}

HostArray RandomInputs::normal(Shape shape, DType dtype, double deviation)
{
    return hostArray(shape, dtype, normals(shape.elements(), deviation));
}

std::vector<int32_t> RandomInputs::ids(int64_t count, int64_t bound)
{
    std::vector<int32_t> values(static_cast<size_t>(count));
    for (int32_t& value : values)
        value = static_cast<int32_t>(below(bound));
    return values;
}

} // namespace moe::kernels::cases
