// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/deferred_backend.h"

#include <sys/mman.h>

#include <cstddef>

/// What a queued operation captures instead of views and matrices.
namespace moe::tests {

using namespace kernels;

/// The pages go when the last operation that names them has run.
struct DeferredBackend::Allocation {
    char* first = nullptr;
    int64_t bytes = 0;
    size_t mapped = 0;
    Tensor inner; ///< filled when the allocation runs

    Allocation() = default;
    Allocation(const Allocation&) = delete;
    Allocation& operator=(const Allocation&) = delete;
    ~Allocation()
    {
        if (first)
            munmap(first, mapped);
    }
};

struct DeferredBackend::Operand {
    TensorView view;
    std::shared_ptr<Allocation> allocation; ///< none for an empty view

    /// The same piece of the inner backend's memory; only when the operation runs.
    TensorView operator*() const
    {
        if (!allocation)
            return view;
        const auto* from = static_cast<const char*>(view.data);
        return {static_cast<char*>(allocation->inner.view().data) + (from - allocation->first),
            view.shape, view.dtype};
    }
};

struct DeferredBackend::StateOperands {
    Operand probs, chosen, weights, slots, rowToken, offsets, load;

    RouterState operator*() const
    {
        return {.probs = *probs,
            .chosen = *chosen,
            .weights = *weights,
            .slots = *slots,
            .rowToken = *rowToken,
            .offsets = *offsets,
            .load = *load};
    }
};

class DeferredBackend::DeferredMatrix final : public PackedMatrix {
public:
    using Inner = std::shared_ptr<std::unique_ptr<PackedMatrix>>;

    DeferredMatrix(DeferredBackend& backend, Shape shape, DType dtype)
        : PackedMatrix(shape, dtype)
        , m_backend(backend)
        , m_inner(std::make_shared<std::unique_ptr<PackedMatrix>>())
    {
    }
    ~DeferredMatrix() override
    {
        m_backend.m_queue.emplace_back([inner = m_inner] { inner->reset(); });
    }
    static Inner innerOf(const PackedMatrix& matrix)
    {
        return dynamic_cast<const DeferredMatrix&>(matrix).m_inner;
    }

private:
    DeferredBackend& m_backend;
    Inner m_inner; ///< created when createPacked() runs
};

} // namespace moe::tests
