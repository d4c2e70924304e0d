// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// A row's keys fall into blocks at multiples of kBlock positions. A block gives, for one query,
// the greatest score m, s = Σ e^(score − m) and Σ e^(score − m) v (Dao et al. 2022); the blocks'
// results are joined in their order. Nothing of that depends on the other queries of a tile, which
// only share the loads of keys and values, nor on the thread that computes a block: so a row's bits
// do not depend on its batch, and a long context is split over the threads where there are few
// rows.
#include "kernels/cpu/inference_checks.h"
#include "kernels/cpu/isa/backend.h"
#include "kernels/cpu/isa/paged_block.h"

namespace moe::kernels::cpu::MOE_ISA {

namespace {

/// Queries of neighbouring rows of one sequence: numbers [first, first + count), counted from the
/// first head of `row` on, group heads a row.
struct Tile {
    int64_t row, first, count;
    int64_t lowest, highest; ///< positions that any of them sees
};

/// What one call knows of all its rows.
struct Call {
    const PagedBatch& batch;
    const KvPages& pages;
    const PagedAttention& attention;
    BlockSizes sizes;
    int64_t group;

    const PagedRow& rowOf(const Tile& tile, int64_t query) const
    {
        return batch.rows.data()[tile.row + (tile.first + query) / group];
    }
    int64_t firstKey(const PagedRow& row) const
    {
        return attention.window > 0 ? larger(0, row.position + 1 - attention.window) : 0;
    }
    int64_t blocks(const Tile& tile) const
    {
        return tile.highest / kBlock - tile.lowest / kBlock + 1;
    }
};

/// Cuts runs of rows with one page list into tiles; returns how many.
int64_t makeTiles(const Call& call, Tile* tiles)
{
    const PagedRow* rows = call.batch.rows.data();
    const auto count = static_cast<int64_t>(call.batch.rows.size());
    int64_t made = 0;
    for (int64_t begin = 0, end = 0; begin < count; begin = end) {
        while (end < count && rows[end].firstPage == rows[begin].firstPage)
            ++end;
        const int64_t queries = (end - begin) * call.group;
        for (int64_t q = 0; q < queries; q += kQueries) {
            Tile tile{begin, q, smaller(kQueries, queries - q), INT64_MAX, 0};
            for (int64_t i = 0; i < tile.count; ++i) {
                const PagedRow& row = call.rowOf(tile, i);
                tile.lowest = smaller(tile.lowest, call.firstKey(row));
                tile.highest = larger(tile.highest, row.position);
            }
            tiles[made++] = tile;
        }
    }
    return made;
}

template <typename Act>
void loadQueries(const Call& call, const Tile& tile, int64_t kvHead, const TensorView& q, float* to)
{
    const int64_t dim = call.sizes.keyDim;
    for (int64_t i = 0; i < tile.count; ++i) {
        const int64_t query = tile.first + i;
        const int64_t row = tile.row + query / call.group;
        const int64_t head = kvHead * call.group + query % call.group;
        const Act* from = q.host<Act>() + (row * call.attention.heads + head) * dim;
        float* at = to + i * call.sizes.keyStride;
        // Whole vectors, zeros beyond the head: the product reads them.
        eachVector(dim, [&](int64_t j, auto part) { store(at + j, part.load(from + j)); });
    }
}

/// Keys and values of the tile's positions in one block.
template <typename Page>
KeyRange<Page> keyRange(const Call& call, const Tile& tile, int64_t kvHead, int64_t block,
    const Page** keys, const Page** values)
{
    const KvPages& pages = call.pages;
    const int64_t start = block * kBlock;
    const KeyRange<Page> range{
        larger(tile.lowest - start, 0), smaller(tile.highest + 1 - start, kBlock), keys, values};
    const int64_t keyWidth = pages.kvHeads * pages.keyDim;
    const int64_t valueWidth = pages.kvHeads * pages.valueDim;
    const PagedRow& row = call.rowOf(tile, 0);
    for (int64_t k = range.begin; k < range.end; ++k) {
        const int64_t place = placeOf(call.batch, row, start + k, pages.pageTokens);
        keys[k] = pages.keys.host<Page>() + place * keyWidth + kvHead * pages.keyDim;
        values[k] = pages.values
            ? pages.values.host<Page>() + place * valueWidth + kvHead * pages.valueDim
            : keys[k];
    }
    return range;
}

/// Asks for a block's keys and values of all heads in the order in which they lie: one head's lie
/// too far apart for the processor to foresee, and cost twice the time.
void fetchBlock(const Call& call, const Tile& tile, int64_t block)
{
    const KvPages& pages = call.pages;
    const PagedRow& row = call.rowOf(tile, 0);
    const auto fetch = [&](const TensorView& all, int64_t place, int64_t dim) {
        const int64_t bytes = pages.kvHeads * dim * bytesOf(all.dtype);
        const char* token = all.host<char>() + place * bytes;
        for (int64_t at = 0; at < bytes; at += 64)
            __builtin_prefetch(token + at, 0, 2);
    };
    const int64_t end = smaller(tile.highest + 1, (block + 1) * kBlock);
    for (int64_t k = larger(tile.lowest, block * kBlock); k < end; ++k) {
        const int64_t place = placeOf(call.batch, row, k, pages.pageTokens);
        fetch(pages.keys, place, pages.keyDim);
        if (pages.values)
            fetch(pages.values, place, pages.valueDim);
    }
}

/// One block for all queries of a tile, into `part`.
template <typename Page>
void tileBlock(const Call& call, const Tile& tile, int64_t kvHead, int64_t block,
    const float* queries, float* scores, const Partial& part)
{
    const Page *keys[kBlock], *values[kBlock];
    const KeyRange<Page> range = keyRange(call, tile, kvHead, block, keys, values);
    scoreTile(call.sizes, queries, tile.count, range, scores);
    for (int64_t i = 0; i < tile.count; ++i) {
        const PagedRow& row = call.rowOf(tile, i);
        const int64_t start = block * kBlock;
        softmaxBlock(scores + i * kScoreStride, call.attention.scale, range.begin, range.end,
            call.firstKey(row) - start, row.position + 1 - start, part.most[i], part.sum[i]);
    }
    valueTile(call.sizes, scores, tile.count, range, part.values);
}

void startTile(const Call& call, const Tile& tile, int64_t kvHead, const Partial& total)
{
    const auto* sinks = call.attention.sinks.host<float>();
    for (int64_t i = 0; i < tile.count; ++i) {
        const int64_t head = kvHead * call.group + (tile.first + i) % call.group;
        total.most[i] = sinks ? sinks[head] : -__builtin_inff();
        total.sum[i] = sinks ? 1.0F : 0.0F;
        for (int64_t j = 0; j < call.sizes.valueStride; ++j)
            total.values[i * call.sizes.valueStride + j] = 0.0F;
    }
}

template <typename Act>
void finishTile(
    const Call& call, const Tile& tile, int64_t kvHead, const Partial& total, const TensorView& out)
{
    const int64_t dim = call.sizes.valueDim;
    for (int64_t i = 0; i < tile.count; ++i) {
        const int64_t query = tile.first + i;
        const int64_t row = tile.row + query / call.group;
        const int64_t head = kvHead * call.group + query % call.group;
        const float* from = total.values + i * call.sizes.valueStride;
        Act* to = out.host<Act>() + (row * call.attention.heads + head) * dim;
        const float inverse = 1.0F / total.sum[i];
        eachVector(
            dim, [&](int64_t j, auto part) { part.store(to + j, part.load(from + j) * inverse); });
    }
}

/// Below this many multiplications a second thread costs more than it gives.
constexpr int64_t kAlone = 1 << 18;

int64_t multiplications(const Call& call, const Tile* tiles, int64_t count)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < count; ++i)
        sum += tiles[i].count * (tiles[i].highest + 1 - tiles[i].lowest);
    return sum * call.pages.kvHeads * (call.sizes.keyDim + call.sizes.valueDim);
}

} // namespace

void CpuBackend::pagedAttention(const TensorView& q, const PagedBatch& batch, const KvPages& pages,
    const PagedAttention& attention, const TensorView& out)
{
    checkPages(batch, q.shape[0], pages);
    checkAttention(pages, attention);
    const Call call{batch, pages, attention, blockSizes(pages.keyDim, pages.valueDim),
        attention.heads / pages.kvHeads};
    const int64_t most = q.shape[0] * (ceilDiv(call.group, kQueries) + 1);
    auto* tiles = static_cast<Tile*>(scratch(kSlotA, most * int64_t{sizeof(Tile)}));
    const int64_t count = makeTiles(call, tiles), jobs = count * pages.kvHeads;
    int64_t blocks = 1, queries = 1; // most of a tile
    for (int64_t i = 0; i < count; ++i) {
        blocks = larger(blocks, call.blocks(tiles[i]));
        queries = larger(queries, tiles[i].count);
    }
    const bool alone = multiplications(call, tiles, count) < kAlone;
    // Few rows: block by block for all heads, whose keys lie side by side.
    const bool split = !alone && blocks > 1 && count <= int64_t{8} * pool().threads();
    const int64_t partFloats = 2 * kQueries + queries * call.sizes.valueStride;
    auto* parts
        = static_cast<float*>(split ? scratch(kSlotB, jobs * blocks * partFloats * 4) : nullptr);

    withType(q.dtype, [&](auto act) {
        withPageType(pages.keys.dtype, [&](auto type) {
            using Act = typename decltype(act)::Of;
            using Page = typename decltype(type)::Of;
            // Job by job from the last tile on: it sees most keys.
            const auto tileOf = [&](int64_t job) -> const Tile& {
                return tiles[count - 1 - job / pages.kvHeads];
            };
            const auto blockJob = [&](int64_t index, int thread) {
                const int64_t first = index % count * pages.kvHeads, block = index / count;
                const Tile& tile = tileOf(first);
                if (block >= call.blocks(tile))
                    return;
                const Workspace work(call.sizes,
                    static_cast<float*>(threadScratch(thread, Workspace::bytes(call.sizes))));
                fetchBlock(call, tile, tile.lowest / kBlock + block);
                for (int64_t kvHead = 0; kvHead < pages.kvHeads; ++kvHead) {
                    loadQueries<Act>(call, tile, kvHead, q, work.queries);
                    tileBlock<Page>(call, tile, kvHead, tile.lowest / kBlock + block, work.queries,
                        work.scores,
                        Partial(call.sizes, parts + (block * jobs + first + kvHead) * partFloats));
                }
            };
            const auto tileJob = [&](int64_t job, int thread) {
                const Tile& tile = tileOf(job);
                const int64_t kvHead = job % pages.kvHeads;
                const Workspace work(call.sizes,
                    static_cast<float*>(threadScratch(thread, Workspace::bytes(call.sizes))));
                startTile(call, tile, kvHead, work.total);
                if (!split)
                    loadQueries<Act>(call, tile, kvHead, q, work.queries);
                for (int64_t block = 0; block < call.blocks(tile); ++block) {
                    const Partial part(call.sizes,
                        split ? parts + (block * jobs + job) * partFloats : work.partMemory);
                    if (!split)
                        tileBlock<Page>(call, tile, kvHead, tile.lowest / kBlock + block,
                            work.queries, work.scores, part);
                    join(call.sizes, tile.count, part, work.total);
                }
                finishTile<Act>(call, tile, kvHead, work.total, out);
            };
            if (split)
                parallel(pool(), count * blocks, blockJob);
            if (alone) {
                for (int64_t job = 0; job < jobs; ++job)
                    tileJob(job, 0);
            } else {
                parallel(pool(), jobs, tileJob);
            }
        });
    });
}

} // namespace moe::kernels::cpu::MOE_ISA
