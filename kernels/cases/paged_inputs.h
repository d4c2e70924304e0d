// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cases/operands.h"
#include "kernels/inference.h"

#include <cstdint>
#include <vector>

namespace moe::kernels::cases {

/// One layer's attention over pages.
struct PagedShape {
    int64_t heads = 1, kvHeads = 1, keyDim = 1, valueDim = 1;
    int64_t pageTokens = 16;
    int64_t window = 0;
    bool latent = false; ///< values are the keys' first valueDim
    bool sinks = false;
};

/// Rows [first, first + count) of one sequence, whose earlier positions are stored already.
struct PagedRun {
    int64_t first = 0, count = 1;
};

/// A batch of runs, each of a sequence of its own; a sequence's pages stand anywhere.
struct PagedRows {
    std::vector<PagedRow> rows;
    std::vector<int32_t> pages; ///< the page lists, one behind the other
    int64_t poolPages = 0; ///< some are nobody's

    PagedBatch batch() const { return {rows, pages}; }
};
PagedRows pagedRows(RandomInputs& random, const std::vector<PagedRun>& runs, int64_t pageTokens);

/// Keys or values [poolPages, pageTokens, kvHeads, dim]: random up to each run's end, NaN where no
/// row may look.
HostArray pagedArray(RandomInputs& random, const PagedRows& rows, const std::vector<PagedRun>& runs,
    const PagedShape& shape, int64_t dim, DType type);

} // namespace moe::kernels::cases
