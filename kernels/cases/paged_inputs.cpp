// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/paged_inputs.h"

#include <limits>
#include <numeric>
#include <utility>

namespace moe::kernels::cases {

PagedRows pagedRows(RandomInputs& random, const std::vector<PagedRun>& runs, int64_t pageTokens)
{
    PagedRows result;
    for (const PagedRun& run : runs)
        result.poolPages += (run.first + run.count + pageTokens - 1) / pageTokens;
    result.poolPages += 3;
    std::vector<int32_t> shuffled(static_cast<size_t>(result.poolPages));
    std::iota(shuffled.begin(), shuffled.end(), 0);
    for (size_t i = shuffled.size(); i > 1; --i)
        std::swap(
            shuffled[i - 1], shuffled[static_cast<size_t>(random.below(static_cast<int64_t>(i)))]);
    for (const PagedRun& run : runs) {
        const auto firstPage = static_cast<int64_t>(result.pages.size());
        for (int64_t position = run.first; position < run.first + run.count; ++position)
            result.rows.push_back({position, firstPage});
        for (int64_t at = 0; at < run.first + run.count; at += pageTokens)
            result.pages.push_back(shuffled[result.pages.size()]);
    }
    return result;
}

HostArray pagedArray(RandomInputs& random, const PagedRows& rows, const std::vector<PagedRun>& runs,
    const PagedShape& shape, int64_t dim, DType type)
{
    const int64_t width = shape.kvHeads * dim;
    HostArray array{{rows.poolPages, shape.pageTokens, shape.kvHeads, dim}, type,
        std::vector<double>(static_cast<size_t>(rows.poolPages * shape.pageTokens * width),
            std::numeric_limits<double>::quiet_NaN())};
    size_t entry = 0;
    for (const PagedRun& run : runs) {
        const int64_t tokens = run.first + run.count;
        for (int64_t position = 0; position < tokens; ++position) {
            const int64_t page
                = rows.pages[entry + static_cast<size_t>(position / shape.pageTokens)];
            const int64_t token = page * shape.pageTokens + position % shape.pageTokens;
            const HostArray values = random.normal({width}, type);
            std::copy(
                values.values.begin(), values.values.end(), array.values.begin() + token * width);
        }
        entry += static_cast<size_t>((tokens + shape.pageTokens - 1) / shape.pageTokens);
    }
    return array;
}

} // namespace moe::kernels::cases
