// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/bfloat16.h"
#include "kernels/error.h"
#include "kernels/fp8.h"
#include "kernels/reference/backend_class.h"
#include "kernels/reference/reference_backend.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace moe::kernels {

std::unique_ptr<Backend> makeReferenceBackend()
{
    return std::make_unique<reference::ReferenceBackend>();
}

namespace reference {

void refuse(std::string_view what, const std::string& found, const std::string& wanted)
{
    throw Error("operand does not fit", std::string(what) + " is " + found, wanted);
}

namespace {

void checkSize(const TensorView& view, int64_t elements, std::string_view what)
{
    if (!view || view.elements() != elements)
        refuse(what, view ? view.shape.text() : "empty", std::to_string(elements) + " elements");
}

void storeCodes(uint8_t* to, const Values& values)
{
    for (size_t i = 0; i < values.size(); ++i)
        to[i] = encodeE4M3(static_cast<float>(values[i]));
}

Values readCodes(const uint8_t* from, size_t count)
{
    Values values;
    for (size_t i = 0; i < count; ++i)
        values.push_back(decodeE4M3(from[i]));
    return values;
}

template <typename T> void storeAs(const TensorView& to, const Values& values, Write write)
{
    T* data = to.host<T>();
    for (size_t i = 0; i < values.size(); ++i) {
        const double before = write == Write::Add ? static_cast<double>(data[i]) : 0.0;
        data[i] = static_cast<T>(before + values[i]);
    }
}

} // namespace

Values read(const TensorView& view, int64_t elements, std::string_view what)
{
    checkSize(view, elements, what);
    const auto count = static_cast<size_t>(elements);
    switch (view.dtype) {
    case DType::Float32:
        return {view.host<float>(), view.host<float>() + count};
    case DType::BFloat16:
        return {view.host<BFloat16>(), view.host<BFloat16>() + count};
    case DType::Float64:
        return {view.host<double>(), view.host<double>() + count};
    case DType::Float8E4M3:
        return readCodes(view.host<uint8_t>(), count);
    default:
        refuse(what, nameOf(view.dtype), "a float type");
    }
}

Values read(const PackedMatrix& matrix)
{
    const TensorView view = static_cast<const ReferenceMatrix&>(matrix).view();
    return read(view, view.elements(), "packed matrix");
}

Indices readIndices(const TensorView& view, int64_t elements, std::string_view what)
{
    checkSize(view, elements, what);
    if (view.dtype != DType::Int32)
        refuse(what, nameOf(view.dtype), "int32");
    return {view.host<int32_t>(), view.host<int32_t>() + elements};
}

void store(const TensorView& to, const Values& values, Write write, std::string_view what)
{
    checkSize(to, static_cast<int64_t>(values.size()), what);
    switch (to.dtype) {
    case DType::Float32:
        return storeAs<float>(to, values, write);
    case DType::BFloat16:
        return storeAs<BFloat16>(to, values, write);
    case DType::Float64:
        return storeAs<double>(to, values, write);
    case DType::Float8E4M3:
        if (write == Write::Overwrite)
            return storeCodes(to.host<uint8_t>(), values);
        [[fallthrough]];
    default:
        refuse(what, nameOf(to.dtype), "a float type");
    }
}

void store(const TensorView& to, const Indices& values, std::string_view what)
{
    checkSize(to, static_cast<int64_t>(values.size()), what);
    if (to.dtype != DType::Int32)
        refuse(what, nameOf(to.dtype), "int32");
    std::copy(values.begin(), values.end(), to.host<int32_t>());
}

// Memory ------------------------------------------------------------------------------------------

void ReferenceBackend::upload(const TensorView& to, const void* from)
{
    if (to.bytes() > 0)
        std::memcpy(to.data, from, static_cast<size_t>(to.bytes()));
}

void ReferenceBackend::download(void* to, const TensorView& from)
{
    if (from.bytes() > 0)
        std::memcpy(to, from.data, static_cast<size_t>(from.bytes()));
}

void ReferenceBackend::copy(const TensorView& to, const TensorView& from)
{
    if (to.dtype != from.dtype)
        return store(to, read(from, to.elements(), "copy: from"), Write::Overwrite, "copy: to");
    checkSize(from, to.elements(), "copy: from");
    std::memmove(to.data, from.data, static_cast<size_t>(to.bytes()));
}

void ReferenceBackend::zero(const TensorView& to)
{
    std::memset(to.data, 0, static_cast<size_t>(to.bytes()));
}

void ReferenceBackend::add(const TensorView& to, const TensorView& from)
{
    checkSize(from, to.elements(), "add: from");
    if (to.dtype != from.dtype)
        refuse("add: from", nameOf(from.dtype), nameOf(to.dtype));
    const int64_t count = to.elements();
    if (to.dtype == DType::Int32) {
        for (int64_t i = 0; i < count; ++i)
            to.host<int32_t>()[i] += from.host<int32_t>()[i];
    } else if (to.dtype == DType::Int64) {
        for (int64_t i = 0; i < count; ++i)
            to.host<int64_t>()[i] += from.host<int64_t>()[i];
    } else {
        store(to, read(from, count, "add: from"), Write::Add, "add: to");
    }
}

// Weights -----------------------------------------------------------------------------------------

ReferenceMatrix::ReferenceMatrix(HostMemory& memory, const Shape& shape, DType dtype)
    : PackedMatrix(shape, dtype)
    , m_block(memory, shape.elements() * bytesOf(dtype), MemoryKind::PackedWeights)
{
}

TensorView ReferenceMatrix::view() const
{
    return {m_block.data(), {groups(), out(), in()}, dtype()};
}

std::unique_ptr<PackedMatrix> ReferenceBackend::createPacked(Shape groupsOutIn, DType dtype)
{
    return std::make_unique<ReferenceMatrix>(m_memory, groupsOutIn, dtype);
}

void ReferenceBackend::pack(PackedMatrix& to, const TensorView& master)
{
    const TensorView view = static_cast<ReferenceMatrix&>(to).view();
    if (master.dtype != DType::Float32)
        refuse("pack: master", nameOf(master.dtype), "float32");
    store(view, read(master, view.elements(), "pack: master"), Write::Overwrite, "pack: to");
}

} // namespace reference
} // namespace moe::kernels
