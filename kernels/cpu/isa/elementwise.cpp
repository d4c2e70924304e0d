// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/ranges.h"

#include <cstring>

namespace moe::kernels::cpu::MOE_ISA {

namespace {

constexpr int64_t kGrain = 65536; // elements

double readAsDouble(const TensorView& view, int64_t i)
{
    switch (view.dtype) {
    case DType::Float64:
        return view.host<double>()[i];
    case DType::BFloat16:
        return view.host<BFloat16>()[i];
    default:
        return view.host<float>()[i];
    }
}

void writeAsDouble(const TensorView& view, int64_t i, double value)
{
    switch (view.dtype) {
    case DType::Float64:
        view.host<double>()[i] = value;
        break;
    case DType::BFloat16:
        view.host<BFloat16>()[i] = static_cast<float>(value);
        break;
    default:
        view.host<float>()[i] = static_cast<float>(value);
    }
}

template <typename To, typename From>
void convert(To* to, const From* from, int64_t begin, int64_t end)
{
    eachVector(end - begin,
        [&](int64_t i, auto part) { part.store(to + begin + i, part.load(from + begin + i)); });
}

template <typename T> void addRange(T* to, const T* from, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; ++i)
        to[i] += from[i];
}

} // namespace

void CpuBackend::copy(const TensorView& to, const TensorView& from)
{
    const int64_t n = from.elements();
    parallelRanges(pool(), n, kGrain, [&](int64_t begin, int64_t end, int) {
        if (to.dtype == from.dtype) {
            const int64_t size = bytesOf(to.dtype);
            std::memcpy(to.host<char>() + begin * size, from.host<char>() + begin * size,
                static_cast<size_t>((end - begin) * size));
        } else if (to.dtype == DType::BFloat16 && from.dtype == DType::Float32) {
            convert(to.host<BFloat16>(), from.host<float>(), begin, end);
        } else if (to.dtype == DType::Float32 && from.dtype == DType::BFloat16) {
            convert(to.host<float>(), from.host<BFloat16>(), begin, end);
        } else {
            for (int64_t i = begin; i < end; ++i)
                writeAsDouble(to, i, readAsDouble(from, i));
        }
    });
}

void CpuBackend::zero(const TensorView& to)
{
    parallelRanges(pool(), to.bytes(), 4 * kGrain, [&](int64_t begin, int64_t end, int) {
        std::memset(to.host<char>() + begin, 0, static_cast<size_t>(end - begin));
    });
}

void CpuBackend::add(const TensorView& to, const TensorView& from)
{
    parallelRanges(pool(), to.elements(), kGrain, [&](int64_t begin, int64_t end, int) {
        const auto addVectors = [&](auto* sum, const auto* term) {
            eachVector(end - begin, [&](int64_t i, auto part) {
                part.store(
                    sum + begin + i, part.load(sum + begin + i) + part.load(term + begin + i));
            });
        };
        switch (to.dtype) {
        case DType::Float32:
            return addVectors(to.host<float>(), from.host<float>());
        case DType::BFloat16:
            return addVectors(to.host<BFloat16>(), from.host<BFloat16>());
        case DType::Float64:
            return addRange(to.host<double>(), from.host<double>(), begin, end);
        case DType::Int32:
            return addRange(to.host<int32_t>(), from.host<int32_t>(), begin, end);
        case DType::Int64:
            return addRange(to.host<int64_t>(), from.host<int64_t>(), begin, end);
        case DType::Float8E4M3: // nothing is added in it
            return;
        }
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
