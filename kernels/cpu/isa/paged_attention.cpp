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
    int64_t lowestOfAll, highestOfAll; ///< that all of them see; none when the first is larger

    bool seenByAll(int64_t begin, int64_t end) const
    {
        return begin >= lowestOfAll && end <= highestOfAll + 1;
    }
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
            Tile tile{begin, q, smaller(kQueries, queries - q), INT64_MAX, 0, 0, INT64_MAX};
            for (int64_t i = 0; i < tile.count; ++i) {
                const PagedRow& row = call.rowOf(tile, i);
                tile.lowest = smaller(tile.lowest, call.firstKey(row));
                tile.highest = larger(tile.highest, row.position);
                tile.lowestOfAll = larger(tile.lowestOfAll, call.firstKey(row));
                tile.highestOfAll = smaller(tile.highestOfAll, row.position);
            }
            tiles[made++] = tile;
        }
    }
    return made;
}

/// Heads [first, first + count) of keys and values, and what one thread needs for them.
struct Heads {
    int64_t first, count;
    const Workspace& work;
};

template <typename Act>
void loadQueries(const Call& call, const Tile& tile, const Heads& heads, const TensorView& q)
{
    const int64_t dim = call.sizes.keyDim;
    for (int64_t h = 0; h < heads.count; ++h)
        for (int64_t i = 0; i < tile.count; ++i) {
            const int64_t query = tile.first + i;
            const int64_t row = tile.row + query / call.group;
            const int64_t head = (heads.first + h) * call.group + query % call.group;
            const Act* from = q.host<Act>() + (row * call.attention.heads + head) * dim;
            float* at = heads.work.queries + (h * tile.count + i) * call.sizes.keyStride;
            // Whole vectors, zeros beyond the head: the product reads them.
            eachVector(dim, [&](int64_t j, auto part) { store(at + j, part.load(from + j)); });
        }
}

/// Where keys and values of the tile's positions in one block stand, of the first head.
template <typename Page>
KeyRange<Page> keyRange(
    const Call& call, const Tile& tile, int64_t block, const Page** keys, const Page** values)
{
    const KvPages& pages = call.pages;
    const int64_t start = block * kBlock;
    const KeyRange<Page> range{larger(tile.lowest - start, 0),
        smaller(tile.highest + 1 - start, kBlock), keys, values, 0, 0};
    const PagedRow& row = call.rowOf(tile, 0);
    for (int64_t k = range.begin; k < range.end; ++k) {
        const int64_t place = placeOf(call.batch, row, start + k, pages.pageTokens);
        keys[k] = pages.keys.host<Page>() + place * pages.kvHeads * pages.keyDim;
        values[k] = pages.values
            ? pages.values.host<Page>() + place * pages.kvHeads * pages.valueDim
            : keys[k];
    }
    return range;
}

constexpr int64_t kRun = 8; ///< places

/// body(head, places, are they the first) for all heads, kRun places at a time: what one token has
/// of all heads lies side by side, and is read from memory in that order.
template <typename Page, typename Body>
void eachRun(const Call& call, const Heads& heads, const KeyRange<Page>& all, const Body& body)
{
    const KvPages& pages = call.pages;
    for (int64_t k = all.begin; k < all.end; k += kRun)
        for (int64_t h = 0; h < heads.count; ++h) {
            KeyRange<Page> run = all;
            run.begin = k;
            run.end = smaller(k + kRun, all.end);
            run.keyOffset = (heads.first + h) * pages.keyDim;
            run.valueOffset = pages.values ? (heads.first + h) * pages.valueDim : 0;
            body(h, run, k == all.begin);
        }
}

/// Asks for `count` elements of places [begin, end), which start at startOf(place).
template <typename StartOf>
void fetch(int64_t begin, int64_t end, int64_t count, const StartOf& startOf)
{
    constexpr int64_t kLine = 64 / sizeof(*startOf(0));
    for (int64_t k = begin; k < end; ++k)
        for (int64_t i = 0; i < count; i += kLine)
            __builtin_prefetch(startOf(k) + i, 0, 2);
}

/// The values of a run, each query those that it sees alone: what is not finite elsewhere must not
/// reach it as 0 · ∞.
template <typename Page>
void addSeenValues(const Call& call, const Tile& tile, int64_t start, const KeyRange<Page>& run,
    const float* scores, float* to, bool isFirst)
{
    for (int64_t i = 0, next = 0; i < tile.count; i = next) {
        const PagedRow& row = call.rowOf(tile, i);
        while (next < tile.count && &call.rowOf(tile, next) == &row)
            ++next;
        KeyRange<Page> seen = run;
        seen.begin = larger(run.begin, call.firstKey(row) - start);
        seen.end = smaller(run.end, row.position + 1 - start);
        valueTile(call.sizes, scores + i * kScoreStride, next - i, seen,
            to + i * call.sizes.valueStride, !isFirst);
    }
}

/// One block for all queries of a tile and some heads, into partOf(head).
template <typename Page, typename PartOf>
void tileBlock(
    const Call& call, const Tile& tile, const Heads& heads, int64_t block, const PartOf& partOf)
{
    const Page *keys[kBlock], *values[kBlock];
    const KeyRange<Page> all = keyRange(call, tile, block, keys, values);
    const BlockSizes& sizes = call.sizes;
    const auto scoresOf = [&](int64_t h) {
        return heads.work.scores + h * tile.count * kScoreStride;
    };
    eachRun(call, heads, all, [&](int64_t h, const KeyRange<Page>& run, bool) {
        if (run.end < all.end)
            fetch(run.end, smaller(run.end + kRun, all.end), sizes.keyDim,
                [&](int64_t k) { return run.key(k); });
        else
            fetch(all.begin, smaller(all.begin + kRun, all.end), sizes.valueDim,
                [&](int64_t k) { return run.value(k); });
        scoreTile(sizes, heads.work.queries + h * tile.count * sizes.keyStride, tile.count, run,
            scoresOf(h));
    });
    const int64_t start = block * kBlock;
    for (int64_t h = 0; h < heads.count; ++h) {
        const Partial part = partOf(heads.first + h);
        for (int64_t i = 0; i < tile.count; ++i) {
            const PagedRow& row = call.rowOf(tile, i);
            softmaxBlock(scoresOf(h) + i * kScoreStride, call.attention.scale, all.begin, all.end,
                call.firstKey(row) - start, row.position + 1 - start, part.most[i], part.sum[i]);
        }
    }
    eachRun(call, heads, all, [&](int64_t h, const KeyRange<Page>& run, bool isFirst) {
        fetch(run.end, smaller(run.end + kRun, all.end), sizes.valueDim,
            [&](int64_t k) { return run.value(k); });
        float* to = partOf(heads.first + h).values;
        if (tile.seenByAll(start + run.begin, start + run.end))
            valueTile(sizes, scoresOf(h), tile.count, run, to, !isFirst);
        else
            addSeenValues(call, tile, start, run, scoresOf(h), to, isFirst);
    });
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

/// Heads whose queries and scores stay in a second-level cache beside what they read.
int64_t headsAtOnce(const Call& call, int64_t queries)
{
    constexpr int64_t kFloats = int64_t{16} << 10;
    return larger(1,
        smaller(call.pages.kvHeads, kFloats / (queries * (call.sizes.keyStride + kScoreStride))));
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
            const auto work = [&](int64_t heads, int thread) {
                return Workspace(call.sizes, heads * queries,
                    static_cast<float*>(
                        threadScratch(thread, Workspace::bytes(call.sizes, heads * queries))));
            };
            const auto blockJob = [&](int64_t index, int thread) {
                const int64_t first = index % count * pages.kvHeads, block = index / count;
                const Tile& tile = tileOf(first);
                if (block >= call.blocks(tile))
                    return;
                const int64_t atOnce = headsAtOnce(call, queries);
                const Workspace room = work(atOnce, thread);
                for (int64_t head = 0; head < pages.kvHeads; head += atOnce) {
                    const Heads heads{head, smaller(atOnce, pages.kvHeads - head), room};
                    loadQueries<Act>(call, tile, heads, q);
                    tileBlock<Page>(
                        call, tile, heads, tile.lowest / kBlock + block, [&](int64_t h) {
                            return Partial(
                                call.sizes, parts + (block * jobs + first + h) * partFloats);
                        });
                }
            };
            const auto tileJob = [&](int64_t job, int thread) {
                const Tile& tile = tileOf(job);
                const int64_t kvHead = job % pages.kvHeads;
                const Workspace room = work(1, thread);
                const Heads heads{kvHead, 1, room};
                startTile(call, tile, kvHead, room.total);
                if (!split)
                    loadQueries<Act>(call, tile, heads, q);
                for (int64_t block = 0; block < call.blocks(tile); ++block) {
                    const Partial part(call.sizes,
                        split ? parts + (block * jobs + job) * partFloats : room.partMemory);
                    if (!split)
                        tileBlock<Page>(call, tile, heads, tile.lowest / kBlock + block,
                            [&](int64_t) { return part; });
                    join(call.sizes, tile.count, part, room.total);
                }
                finishTile<Act>(call, tile, kvHead, room.total, out);
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
