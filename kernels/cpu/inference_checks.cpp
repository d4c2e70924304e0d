// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/inference_checks.h"

#include "kernels/error.h"

#include <algorithm>
#include <string>

namespace moe::kernels::cpu {

namespace {

[[noreturn]] void refuse(const char* what, const std::string& found, const std::string& wanted)
{
    throw Error("operand does not fit", std::string(what) + " is " + found, wanted);
}

void checkRows(const PagedBatch& batch, int64_t rows)
{
    const auto given = static_cast<int64_t>(batch.rows.size());
    if (given != rows)
        refuse("paged batch", std::to_string(given) + " rows", std::to_string(rows));
}

} // namespace

void checkRotation(const TensorView& x, const PagedBatch& batch, const TensorView& table)
{
    checkRows(batch, x.shape[0]);
    if (2 * table.shape[1] > x.shape[2])
        refuse("rotateRows: table", table.shape.text(), "no more than the head's elements");
    for (const PagedRow& row : batch.rows) {
        if (row.position < 0 || row.position >= table.shape[0])
            refuse("paged batch: position", std::to_string(row.position),
                "below " + std::to_string(table.shape[0]));
    }
}

void checkPages(const PagedBatch& batch, int64_t rows, const KvPages& pages)
{
    checkRows(batch, rows);
    if (pages.values && pages.values.dtype != pages.keys.dtype)
        refuse("paged values", nameOf(pages.values.dtype), nameOf(pages.keys.dtype));
    const auto listed = static_cast<int64_t>(batch.pages.size());
    for (const PagedRow& row : batch.rows) {
        const int64_t entry = row.firstPage + row.position / pages.pageTokens;
        if (row.position < 0 || row.firstPage < 0 || entry >= listed)
            refuse("paged batch: page list", std::to_string(listed) + " pages",
                "a page for each position");
    }
    const int64_t pool = pages.keys.shape[0];
    const auto outside = std::find_if(batch.pages.begin(), batch.pages.end(),
        [pool](int32_t page) { return page < 0 || page >= pool; });
    if (outside != batch.pages.end())
        refuse("paged batch: page", std::to_string(*outside), "below " + std::to_string(pool));
}

void checkAttention(const KvPages& pages, const PagedAttention& attention)
{
    if (attention.heads < 1 || attention.heads % pages.kvHeads)
        refuse("pagedAttention: heads", std::to_string(attention.heads),
            "a multiple of " + std::to_string(pages.kvHeads) + " KV heads");
}

void checkRouter(const InferenceRouter& router, int64_t experts)
{
    if (router.groups < 1 || experts % router.groups || router.topGroups < 1
        || router.topGroups > router.groups)
        refuse("routeRows: groups",
            std::to_string(router.topGroups) + " of " + std::to_string(router.groups),
            "groups of equal size of " + std::to_string(experts) + " experts");
    const int64_t reachable = experts / router.groups * router.topGroups;
    if (router.topK < 1 || router.topK > reachable)
        refuse("routeRows: topK", std::to_string(router.topK),
            "1 to " + std::to_string(reachable) + " experts");
}

void checkHeads(const PlacedMatrix& w, int64_t heads)
{
    if (heads < 1 || w.out() % heads)
        refuse("headLinear: weight", std::to_string(w.out()) + " rows", "a multiple of the heads");
}

} // namespace moe::kernels::cpu
