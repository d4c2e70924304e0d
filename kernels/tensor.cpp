// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/tensor.h"

#include "kernels/backend.h"
#include "kernels/error.h"

#include <utility>

namespace moe::kernels {

int64_t bytesOf(DType type)
{
    switch (type) {
    case DType::Float8E4M3:
        return 1;
    case DType::BFloat16:
        return 2;
    case DType::Float32:
    case DType::Int32:
        return 4;
    case DType::Float64:
    case DType::Int64:
        return 8;
    }
    return 0;
}

const char* nameOf(DType type)
{
    switch (type) {
    case DType::BFloat16:
        return "bfloat16";
    case DType::Float32:
        return "float32";
    case DType::Float64:
        return "float64";
    case DType::Int32:
        return "int32";
    case DType::Int64:
        return "int64";
    case DType::Float8E4M3:
        return "float8_e4m3";
    }
    return "?";
}

Shape::Shape(std::initializer_list<int64_t> sizes)
{
    if (sizes.size() > m_sizes.size())
        throw Error("too many axes", std::to_string(sizes.size()), "a tensor has at most 4");
    for (int64_t size : sizes)
        m_sizes[static_cast<size_t>(m_rank++)] = size;
}

int64_t Shape::elements() const
{
    int64_t product = 1;
    for (int axis = 0; axis < m_rank; ++axis)
        product *= (*this)[axis];
    return product;
}

std::string Shape::text() const
{
    std::string text = "[";
    for (int axis = 0; axis < m_rank; ++axis)
        text += (axis ? ", " : "") + std::to_string((*this)[axis]);
    return text + "]";
}

TensorView TensorView::slice(int64_t first, int64_t count) const
{
    const int64_t row = shape[0] ? elements() / shape[0] : 0;
    Shape rows;
    switch (shape.rank()) {
    case 1:
        rows = {count};
        break;
    case 2:
        rows = {count, shape[1]};
        break;
    case 3:
        rows = {count, shape[1], shape[2]};
        break;
    default:
        rows = {count, shape[1], shape[2], shape[3]};
    }
    if (first < 0 || count < 0 || first + count > shape[0])
        throw Error("slice out of range", shape.text(), "rows within the first axis");
    return at(first * row, rows);
}

TensorView TensorView::at(int64_t first, Shape asShape) const
{
    if (first < 0 || first + asShape.elements() > elements())
        throw Error("view out of range", shape.text() + " as " + asShape.text(),
            "elements within the tensor");
    return {static_cast<char*>(data) + first * bytesOf(dtype), asShape, dtype};
}

TensorView TensorView::as(Shape asShape) const
{
    if (asShape.elements() != elements())
        throw Error(
            "reshape changes the size", shape.text() + " as " + asShape.text(), "as many elements");
    return {data, asShape, dtype};
}

Tensor::Tensor(Tensor&& other) noexcept
    : m_backend(std::exchange(other.m_backend, nullptr))
    , m_view(std::exchange(other.m_view, {}))
    , m_kind(other.m_kind)
{
}

Tensor& Tensor::operator=(Tensor&& other) noexcept
{
    std::swap(m_backend, other.m_backend);
    std::swap(m_view, other.m_view);
    std::swap(m_kind, other.m_kind);
    return *this;
}

Tensor::~Tensor()
{
    if (m_view.data)
        m_backend->freeBytes(m_view.data, m_view.bytes(), m_kind);
}

Tensor Backend::allocate(Shape shape, DType dtype, MemoryKind kind)
{
    const int64_t bytes = shape.elements() * bytesOf(dtype);
    return {*this, TensorView{allocateBytes(bytes, kind), shape, dtype}, kind};
}

} // namespace moe::kernels
