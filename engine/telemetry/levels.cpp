// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/levels.h"

#include <algorithm>
#include <cmath>

namespace moe::telemetry {

namespace {

/// One bucket's row of one layer from the rows below it.
class BucketBuilder {
public:
    BucketBuilder(const Database& database, int64_t run, int level)
        : m_read(database.prepare("SELECT scalars, load, first FROM records"
                                  " WHERE run = ? AND level = ? AND layer = ?"
                                  " AND first >= ? AND first < ?"))
        , m_write(database.prepare(
              "INSERT OR REPLACE INTO records(run, level, layer, first, scalars, load)"
              " VALUES(?, ?, ?, ?, ?, ?)"))
        , m_where(database.path().string())
        , m_run(run)
        , m_level(level)
    {
    }

    void build(int32_t layer, int64_t first)
    {
        std::vector<ScalarEntry> sums; // ascending by id
        std::vector<int64_t> load;
        m_read.bind(1, m_run).bind(2, static_cast<int64_t>(m_level - 1));
        m_read.bind(3, static_cast<int64_t>(layer)).bind(4, first);
        m_read.bind(5, first + strideOf(m_level));
        bool some = false;
        while (m_read.step()) {
            some = true;
            ScalarReader reader(
                m_read.blob(0), m_level - 1, layer != kStepRow, m_read.integer(2), m_where);
            mergeInto(sums, reader);
            addCounts(m_read.blob(1), load, m_where);
        }
        if (!some)
            return;
        const Bytes scalars = encodeAggregates(sums);
        const Bytes counts = encodeCounts(load);
        m_write.bind(1, m_run).bind(2, static_cast<int64_t>(m_level));
        m_write.bind(3, static_cast<int64_t>(layer)).bind(4, first).bindBlob(5, scalars);
        if (counts.empty())
            m_write.bindNull(6);
        else
            m_write.bindBlob(6, counts);
        m_write.run();
    }

private:
    static void mergeInto(std::vector<ScalarEntry>& sums, ScalarReader& reader)
    {
        ScalarEntry entry;
        size_t at = 0;
        while (reader.next(entry)) {
            while (at < sums.size() && sums[at].id < entry.id)
                ++at;
            if (at == sums.size() || sums[at].id != entry.id) {
                // Most rows hold the same ids, so this happens in the first row only. Extra scalars
                // may come in another order than their ids: look from the start.
                at = static_cast<size_t>(
                    std::lower_bound(sums.begin(), sums.end(), entry.id,
                        [](const ScalarEntry& sum, int id) { return sum.id < id; })
                    - sums.begin());
                if (at == sums.size() || sums[at].id != entry.id)
                    sums.insert(
                        sums.begin() + static_cast<std::ptrdiff_t>(at), ScalarEntry{entry.id, {}});
            }
            if (std::isfinite(entry.aggregate.value))
                sums[at].aggregate.add(entry.aggregate);
        }
    }

    Statement m_read, m_write;
    std::string m_where;
    int64_t m_run;
    int m_level;
};

} // namespace

int64_t strideOf(int level)
{
    int64_t stride = 1;
    for (int i = 0; i < level; ++i)
        stride *= kFanOut;
    return stride;
}

int64_t bucketStart(int64_t step, int level)
{
    const int64_t stride = strideOf(level);
    // Steps start at 1; an import's step 0 falls into the bucket before.
    const int64_t bucket = step >= 1 ? (step - 1) / stride : -1;
    return bucket * stride + 1;
}

void updateLevels(const Database& database, int64_t run, int64_t step, int64_t last)
{
    const int64_t earlier = std::min(step, last);
    const int64_t later = std::max(step, last);
    std::vector<int32_t> layers;
    for (int level = 1; level < kLevels; ++level) {
        const int64_t first = bucketStart(earlier, level);
        if (first == bucketStart(later, level))
            return; // the bucket is still open, and so are all coarser ones
        if (layers.empty()) {
            layers = layersOf(database, run);
            layers.push_back(kStepRow);
        }
        BucketBuilder builder(database, run, level);
        for (const int32_t layer : layers)
            builder.build(layer, first);
    }
}

void cutLevels(const Database& database, int64_t run, int64_t last)
{
    Statement cut
        = database.prepare("DELETE FROM records WHERE run = ? AND level = ? AND first >= ?"
                           " AND layer = ?");
    std::vector<int32_t> layers = layersOf(database, run);
    layers.push_back(kStepRow);
    for (int level = 0; level < kLevels; ++level) {
        const int64_t from = level == 0 ? last + 1 : bucketStart(last, level);
        for (const int32_t layer : layers) {
            cut.bind(1, run).bind(2, static_cast<int64_t>(level)).bind(3, from);
            cut.bind(4, static_cast<int64_t>(layer)).run();
        }
    }
}

void visitRows(const Database& database, int64_t run, int32_t layer, int level, int64_t last,
    bool withLoad, const std::function<void(const Row&)>& visit)
{
    Statement read = database.prepare(withLoad
            ? "SELECT first, scalars, load FROM records"
              " WHERE run = ? AND level = ? AND layer = ? AND first >= ? AND first < ?"
              " ORDER BY first"
            : "SELECT first, scalars FROM records"
              " WHERE run = ? AND level = ? AND layer = ? AND first >= ? AND first < ?"
              " ORDER BY first");
    int64_t from = bucketStart(0, kLevels - 1);
    for (int at = level; at >= 0; --at) {
        const int64_t end = at == 0 ? last + 1 : bucketStart(last, at);
        read.bind(1, run).bind(2, static_cast<int64_t>(at)).bind(3, static_cast<int64_t>(layer));
        read.bind(4, from).bind(5, end);
        while (read.step()) {
            visit({at, read.integer(0), read.blob(1),
                withLoad ? read.blob(2) : std::span<const uint8_t>()});
        }
        from = end;
    }
}

std::vector<int32_t> layersOf(const Database& database, int64_t run)
{
    // A chain of index look-ups instead of a walk over all rows.
    Statement next = database.prepare("SELECT layer FROM records WHERE run = ? AND level = 0"
                                      " AND layer > ? ORDER BY layer LIMIT 1");
    std::vector<int32_t> layers;
    int64_t layer = kStepRow;
    for (;;) {
        next.bind(1, run).bind(2, layer);
        if (!next.step())
            return layers;
        layer = next.integer(0);
        layers.push_back(static_cast<int32_t>(layer));
        next.reset();
    }
}

} // namespace moe::telemetry
