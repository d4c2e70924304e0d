// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cases/host_array.h"

#include <memory>
#include <string>
#include <vector>

namespace moe::kernels::cases {

/// How far a backend may be from the reference: the result's own rounding, and what the sum of
/// `reduction` terms in float32 and the rounding of the terms to `precision` may add up to, as a
/// share of the largest result; or of `magnitude` where the terms are that large and may cancel.
struct Tolerance {
    int64_t reduction = 1;
    kernels::DType precision = kernels::DType::Float32;
    double magnitude = 0;
    bool exact = false; ///< integers, and floats that are only moved
};

/// A result of an operation, downloaded.
struct Output {
    std::string name;
    HostArray array;
    Tolerance tolerance;
};

/// Why `actual` is not `expected`, within its tolerance; empty when it is.
std::string difference(const Output& actual, const Output& expected);

/// One operation's operands in a backend's memory. Each lies between guard bytes, at an address as
/// odd as a slice may have; finish() finds writes outside operands and changed inputs.
class Operands {
public:
    explicit Operands(kernels::Backend& backend)
        : m_backend(backend)
    {
    }
    kernels::Backend& backend() { return m_backend; }

    kernels::TensorView input(const HostArray& array); ///< must come out unchanged
    kernels::TensorView inout(const HostArray& array);
    kernels::TensorView blank(kernels::Shape shape, kernels::DType dtype); ///< starts as NaN or −1
    /// What a gradient is written to: `before` for Write::Add, blank otherwise.
    kernels::TensorView target(const HostArray& before, kernels::Write write);
    const kernels::PackedMatrix& matrix(const HostArray& master, kernels::DType dtype);
    /// Its memory is the caller's, up to finish().
    const kernels::PlacedMatrix& placed(const kernels::StoredMatrix& matrix);

    void output(std::string name, const kernels::TensorView& view, Tolerance tolerance);
    /// Downloads the outputs. Throws moe::Error when a guard or an input was written.
    std::vector<Output> finish();

private:
    struct Piece {
        kernels::Tensor memory; ///< guards included
        std::vector<std::byte> before; ///< of all of it
        int64_t first = 0, bytes = 0; ///< the operand's part
        bool readOnly = false;
    };
    kernels::TensorView place(const HostArray& array, bool readOnly);
    void check(const Piece& piece);

    kernels::Backend& m_backend;
    std::vector<Piece> m_pieces;
    std::vector<std::unique_ptr<kernels::PackedMatrix>> m_matrices;
    std::vector<std::unique_ptr<kernels::PlacedMatrix>> m_placed;
    std::vector<Output> m_outputs;
    std::vector<kernels::TensorView> m_outputViews;
};

} // namespace moe::kernels::cases
