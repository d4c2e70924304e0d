// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace moe::kernels {

class Backend;

enum class DType : uint8_t {
    Float32,
    BFloat16,
    Float64,
    Int32,
    Int64,
    Float8E4M3 ///< pages of keys and values alone; rounded to nearest even, saturated at ±448
};

int64_t bytesOf(DType type);
const char* nameOf(DType type);

/// What memory is for; Backend::memory() counts by it.
enum class MemoryKind : uint8_t {
    Weights,
    PackedWeights,
    Gradients,
    Optimizer,
    Activations,
    Workspace
};
inline constexpr int kMemoryKinds = 6;

/// Up to four sizes, outermost first; memory is always dense and row-major.
class Shape {
public:
    Shape() = default;
    Shape(std::initializer_list<int64_t> sizes);

    int rank() const { return m_rank; }
    int64_t operator[](int axis) const { return m_sizes[static_cast<size_t>(axis)]; }
    int64_t elements() const;
    std::string text() const; ///< "[4, 256]"
    bool operator==(const Shape&) const = default;

private:
    std::array<int64_t, 4> m_sizes{};
    int m_rank = 0;
};

/// A piece of a backend's memory. `data` belongs to that backend alone: it may not be host memory,
/// and what stands there is settled only after Backend::synchronize(). Never dereferenced outside
/// a backend; offsets may be computed with slice().
struct TensorView {
    void* data = nullptr;
    Shape shape;
    DType dtype = DType::Float32;

    int64_t elements() const { return shape.elements(); }
    int64_t bytes() const { return elements() * bytesOf(dtype); }
    explicit operator bool() const { return data != nullptr; }

    /// Rows [first, first + count) of the outermost axis.
    TensorView slice(int64_t first, int64_t count) const;
    /// Elements [first, first + shape.elements()) of the flat memory, seen as `shape`.
    TensorView at(int64_t first, Shape asShape) const;
    /// The same memory under another shape of as many elements.
    TensorView as(Shape asShape) const;

    template <typename T>
    T* host() const ///< for backends whose memory is host memory, inside their own kernels
    {
        return static_cast<T*>(data);
    }
};

/// Owns memory of one backend; moves, never copies; must not outlive the backend.
class Tensor {
public:
    Tensor() = default;
    Tensor(Backend& backend, TensorView view, MemoryKind kind)
        : m_backend(&backend)
        , m_view(view)
        , m_kind(kind)
    {
    }
    Tensor(Tensor&& other) noexcept;
    Tensor& operator=(Tensor&& other) noexcept;
    ~Tensor();

    const TensorView& view() const { return m_view; }
    operator const TensorView&() const { return m_view; }
    const TensorView* operator->() const { return &m_view; }
    explicit operator bool() const { return m_view.data != nullptr; }

private:
    Backend* m_backend = nullptr;
    TensorView m_view;
    MemoryKind m_kind = MemoryKind::Workspace;
};

} // namespace moe::kernels
