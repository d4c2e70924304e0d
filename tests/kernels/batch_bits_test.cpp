// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"
#include "kernels/cases/paged_inputs.h"
#include "kernels/cases/stored_weight.h"
#include "kernels/cpu/instruction_set.h"
#include "tests/support/test_seed.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

/// That inference gives a row the same bits whatever rows are beside it, in whatever order, on any
/// number of threads, and wherever its pages lie.

using namespace moe::kernels;
using namespace moe::kernels::cases;
using moe::tests::testSeed;

namespace {

constexpr int64_t kRows = 70;
using Rows = std::vector<int64_t>;

/// An operation on kRows rows of fixed inputs: queues a call on some of them, returns its result.
struct RowOp {
    std::string name;
    std::function<TensorView(Operands&, const Rows&)> call;
};

HostArray pick(const HostArray& all, const Rows& rows)
{
    const int64_t width = all.shape.elements() / all.shape[0];
    HostArray some{all.shape, all.dtype, {}};
    const auto count = static_cast<int64_t>(rows.size());
    some.shape = all.shape.rank() == 3 ? Shape{count, all.shape[1], all.shape[2]}
        : all.shape.rank() == 2        ? Shape{count, all.shape[1]}
                                       : Shape{count};
    for (const int64_t row : rows)
        some.values.insert(some.values.end(), all.values.begin() + row * width,
            all.values.begin() + (row + 1) * width);
    return some;
}

/// The result's bytes, row by row.
std::vector<std::vector<std::byte>> run(const RowOp& op, Backend& backend, const Rows& rows)
{
    Operands operands(backend);
    operands.output("y", op.call(operands, rows), {});
    const std::vector<std::byte> bytes = encode(operands.finish().front().array);
    std::vector<std::vector<std::byte>> split;
    const auto width = static_cast<std::ptrdiff_t>(bytes.size() / rows.size());
    for (auto at = bytes.begin(); at != bytes.end(); at += width)
        split.emplace_back(at, at + width);
    return split;
}

TensorView blankLike(Operands& in, const Rows& rows, Shape row, DType type)
{
    const auto count = static_cast<int64_t>(rows.size());
    return in.blank(row.rank() == 2 ? Shape{count, row[0], row[1]} : Shape{count, row[0]}, type);
}

// Rows ------------------------------------------------------------------------------------------

void addRowOps(std::vector<RowOp>& ops, RandomInputs& random, DType act)
{
    const HostArray x = random.normal({kRows, 517}, act);
    const HostArray weight = random.normal({517}, DType::Float32);
    ops.push_back({text("rmsNormRows %s", nameOf(act)), [=](Operands& in, const Rows& rows) {
                       const TensorView y = in.inout(pick(x, rows));
                       in.backend().rmsNormRows(y, in.input(weight), 1e-6F, y);
                       return y;
                   }});
    const HostArray heads = random.normal({kRows, 3, 78}, act);
    const HostArray table = random.normal({kRows, 35, 2}, DType::Float32);
    for (const RopePairs pairs : {RopePairs::Halves, RopePairs::Interleaved})
        ops.push_back({text("rotateRows %s", nameOf(act)), [=](Operands& in, const Rows& rows) {
                           std::vector<PagedRow> batch;
                           for (const int64_t row : rows)
                               batch.push_back({row, 0});
                           const TensorView y = in.inout(pick(heads, rows));
                           in.backend().rotateRows(y, {batch, {}}, in.input(table), pairs);
                           return y;
                       }});
}

RowOp routeOp(RandomInputs& random)
{
    const HostArray logits = random.normal({kRows, 37}, DType::Float32);
    return {"routeRows", [=](Operands& in, const Rows& rows) {
                const TensorView probs = blankLike(in, rows, {37}, DType::Float32);
                const TensorView weights = blankLike(in, rows, {5}, DType::Float32);
                in.backend().routeRows(in.input(pick(logits, rows)),
                    {.topK = 5, .normalizeLogits = true, .mask = {}}, probs,
                    blankLike(in, rows, {5}, DType::Int32), weights);
                return weights;
            }};
}

// Products --------------------------------------------------------------------------------------

void addProductOps(std::vector<RowOp>& ops, RandomInputs& random, const WeightKind& kind, DType act)
{
    const std::string name = nameOf(kind) + ", " + moe::kernels::nameOf(act);
    const StoredWeight w = storedWeight(random, kind, 150, 352);
    const HostArray x = random.normal({kRows, 352}, act);
    const HostArray bias = random.normal({150}, DType::Float32);
    for (const DType result : {act, DType::Float32})
        ops.push_back({text("linear %s -> %s", name.c_str(), moe::kernels::nameOf(result)),
            [=](Operands& in, const Rows& rows) {
                const TensorView y = blankLike(in, rows, {150}, result);
                in.backend().linear(
                    in.input(pick(x, rows)), {&in.placed(w.matrix()), in.input(bias)}, {}, y);
                return y;
            }});
    const HostArray ids = hostArray({kRows}, random.ids(kRows, 150));
    ops.push_back({"embeddingRows " + name, [=](Operands& in, const Rows& rows) {
                       const TensorView y = blankLike(in, rows, {352}, act);
                       in.backend().embeddingRows(
                           in.input(pick(ids, rows)), in.placed(w.matrix()), y);
                       return y;
                   }});
    const HostArray across = random.normal({kRows, 3, 352}, act);
    const HostArray along = random.normal({kRows, 3, 50}, act);
    for (const bool transposed : {false, true})
        ops.push_back({text("headLinear %s%s", name.c_str(), transposed ? ", transposed" : ""),
            [=](Operands& in, const Rows& rows) {
                const TensorView y = blankLike(in, rows, {3, transposed ? 352 : 50}, act);
                in.backend().headLinear(in.input(pick(transposed ? along : across, rows)),
                    in.placed(w.matrix()), 3, transposed, y);
                return y;
            }});
}

void addFfnOps(std::vector<RowOp>& ops, RandomInputs& random, const WeightKind& kind, DType act)
{
    constexpr int64_t kHidden = 160, kFfn = 288, kExperts = 5;
    std::vector<StoredWeight> weights;
    for (int64_t e = 0; e < kExperts; ++e) {
        weights.push_back(storedWeight(random, kind, kFfn, kHidden));
        weights.push_back(storedWeight(random, kind, kFfn, kHidden));
        weights.push_back(storedWeight(random, kind, kHidden, kFfn));
    }
    const HostArray x = random.normal({kRows, kHidden}, act);
    const HostArray share = random.normal({kRows, 2}, DType::Float32);
    std::vector<int32_t> choice; // one expert has most rows, one none
    for (int64_t row = 0; row < kRows; ++row) {
        const auto e = static_cast<int32_t>(row % 3 ? 1 : random.below(4));
        choice.push_back(e);
        choice.push_back((e + 1) % 4);
    }
    const HostArray chosen = hostArray({kRows, 2}, choice);
    const auto ffn = [=](Operands& in, int64_t e) {
        const auto at = [&](int64_t i) {
            return Linear{&in.placed(weights[static_cast<size_t>(3 * e + i)].matrix()), {}};
        };
        return FeedForward{at(0), at(1), at(2)};
    };
    const std::string name = nameOf(kind) + ", " + moe::kernels::nameOf(act);
    ops.push_back({"expertRows " + name, [=](Operands& in, const Rows& rows) {
                       std::vector<FeedForward> experts;
                       for (int64_t e = 0; e < kExperts; ++e)
                           experts.push_back(ffn(in, e));
                       const HostArray input = pick(x, rows);
                       const TensorView y = in.inout(input);
                       in.backend().expertRows(in.input(input), experts, Gating::Silu, 0,
                           in.input(pick(chosen, rows)), in.input(pick(share, rows)), y, y);
                       return y;
                   }});
    ops.push_back({"feedForwardRows " + name, [=](Operands& in, const Rows& rows) {
                       const TensorView y = blankLike(in, rows, {kHidden}, act);
                       in.backend().feedForwardRows(
                           in.input(pick(x, rows)), ffn(in, 0), Gating::ClampedSwish, 2, {}, {}, y);
                       return y;
                   }});
}

// Attention -------------------------------------------------------------------------------------

/// The same pages at other places of a pool.
PagedRows moved(RandomInputs& random, const PagedRows& rows, HostArray& keys, HostArray& values)
{
    Rows order;
    for (int64_t page = 0; page < rows.poolPages; ++page)
        order.insert(order.begin() + random.below(page + 1), page);
    PagedRows result = rows;
    for (HostArray* array : {&keys, &values}) {
        const HostArray before = *array;
        const auto page = static_cast<int64_t>(before.values.size()) / rows.poolPages;
        for (int64_t p = 0; p < rows.poolPages; ++p)
            std::copy_n(before.values.begin() + p * page, page,
                array->values.begin() + order[static_cast<size_t>(p)] * page);
    }
    for (int32_t& page : result.pages)
        page = static_cast<int32_t>(order[static_cast<size_t>(page)]);
    return result;
}

/// A number of some positions is NaN: rows that do not see it stay as they are.
void poison(HostArray& array, const PagedRows& rows, const PagedShape& shape, int64_t dim)
{
    struct Place {
        size_t row; ///< of the same sequence
        int64_t position;
    };
    for (const Place& place : {Place{0, 10}, Place{23, 130}, Place{65, 57}}) {
        const int64_t list = rows.rows[place.row].firstPage + place.position / shape.pageTokens;
        const int64_t token = rows.pages[static_cast<size_t>(list)] * shape.pageTokens
            + place.position % shape.pageTokens;
        array.values[static_cast<size_t>(token * shape.kvHeads * dim)] = NAN;
    }
}

void addAttentionOp(std::vector<RowOp>& ops, RandomInputs& random, const PagedShape& shape,
    DType act, DType type, const uint64_t& turn)
{
    // Chunks of prompts on both sides of a block's end, and single tokens far on.
    const std::vector<PagedRun> runs{{0, 23}, {110, 40}, {700, 1}, {517, 1}, {255, 5}};
    const PagedRows first = pagedRows(random, runs, shape.pageTokens);
    HostArray keys = pagedArray(random, first, runs, shape, shape.keyDim, type);
    HostArray values = pagedArray(random, first, runs, shape, shape.valueDim, type);
    if (shape.latent)
        poison(keys, first, shape, shape.keyDim);
    else
        poison(values, first, shape, shape.valueDim);
    HostArray movedKeys = keys, movedValues = values;
    const PagedRows second = moved(random, first, movedKeys, movedValues);
    const HostArray q = random.normal({kRows, shape.heads, shape.keyDim}, act, 2);
    const HostArray sinks = random.normal({shape.heads}, DType::Float32);
    ops.push_back({text("pagedAttention %ld on %ld of %ld, %s in %s", shape.heads, shape.kvHeads,
                       shape.keyDim, moe::kernels::nameOf(act), moe::kernels::nameOf(type)),
        [=, &turn](Operands& in, const Rows& rows) {
            const bool other = turn % 2;
            PagedRows batch = other ? second : first;
            std::vector<PagedRow> some;
            for (const int64_t row : rows)
                some.push_back(batch.rows[static_cast<size_t>(row)]);
            const KvPages pages{.keys = in.input(other ? movedKeys : keys),
                .values = shape.latent ? TensorView() : in.input(other ? movedValues : values),
                .pageTokens = shape.pageTokens,
                .kvHeads = shape.kvHeads,
                .keyDim = shape.keyDim,
                .valueDim = shape.valueDim};
            const TensorView y = blankLike(in, rows, {shape.heads, shape.valueDim}, act);
            in.backend().pagedAttention(in.input(pick(q, rows)), {some, batch.pages}, pages,
                {.heads = shape.heads,
                    .scale = 0.2F,
                    .window = shape.window,
                    .sinks = shape.sinks ? in.input(sinks) : TensorView()},
                y);
            return y;
        }});
}

} // namespace

class BatchBitsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qInfo("MOE_TEST_SEED=%llu", static_cast<unsigned long long>(m_seed)); }

    void rows_data() { sets(); }
    void rows()
    {
        std::vector<RowOp> ops{routeOp(m_random)};
        for (const DType act : kActivationTypes)
            addRowOps(ops, m_random, act);
        compare(ops);
    }

    void products_data() { sets(); }
    void products()
    {
        std::vector<RowOp> ops;
        for (const DType act : kActivationTypes) {
            for (const WeightKind& kind : weightKinds())
                addProductOps(ops, m_random, kind, act);
        }
        compare(ops);
    }

    void feedForward_data() { sets(); }
    void feedForward()
    {
        std::vector<RowOp> ops;
        for (const DType act : kActivationTypes) {
            for (const WeightKind& kind : weightKinds())
                addFfnOps(ops, m_random, kind, act);
        }
        compare(ops);
    }

    void attention_data() { sets(); }
    void attention()
    {
        const PagedShape shapes[] = {
            {.heads = 2, .kvHeads = 2, .keyDim = 64, .valueDim = 64},
            {.heads = 6, .kvHeads = 2, .keyDim = 37, .valueDim = 37, .window = 200, .sinks = true},
            {.heads = 20, .kvHeads = 1, .keyDim = 72, .valueDim = 40, .latent = true},
        };
        std::vector<RowOp> ops;
        for (const DType act : kActivationTypes) {
            for (const DType pages : {act, DType::Float8E4M3}) {
                for (const PagedShape& shape : shapes)
                    addAttentionOp(ops, m_random, shape, act, pages, m_turn);
            }
        }
        compare(ops);
    }

private:
    static void sets()
    {
        QTest::addColumn<int>("set");
        for (const cpu::InstructionSet set : cpu::availableSets())
            QTest::newRow(cpu::nameOf(set)) << static_cast<int>(set);
    }

    /// Some rows alone on one thread against random batches of some rows in random order.
    void compare(const std::vector<RowOp>& ops)
    {
        QFETCH(int, set);
        const auto instructions = static_cast<cpu::InstructionSet>(set);
        std::vector<std::unique_ptr<Backend>> backends;
        for (const int threads : {1, 2, 3})
            backends.push_back(cpu::makeBackend(instructions, threads));
        for (const RowOp& op : ops) {
            std::map<int64_t, std::vector<std::byte>> alone;
            m_turn = 0;
            for (int64_t row = m_random.below(4); row < kRows; row += 1 + m_random.below(7))
                alone[row] = run(op, *backends[0], {row}).front();
            for (m_turn = 0; m_turn < 6; ++m_turn) {
                const Rows rows = someRows();
                const auto together = run(op, *backends[m_turn % backends.size()], rows);
                for (size_t i = 0; i < rows.size(); ++i)
                    QVERIFY2(!alone.count(rows[i]) || together[i] == alone[rows[i]],
                        qPrintable(QStringLiteral("%1: row %2 of a batch of %3")
                                       .arg(QString::fromStdString(op.name))
                                       .arg(rows[i])
                                       .arg(rows.size())));
            }
        }
    }

    /// All in order, the last few, or a random number of them in random order.
    Rows someRows()
    {
        Rows rows;
        const int64_t count = m_turn == 0 ? kRows : 1 + m_random.below(kRows);
        for (int64_t i = 0; i < count; ++i)
            rows.insert(
                m_turn < 2 ? rows.end() : rows.begin() + m_random.below(i + 1), kRows - count + i);
        return rows;
    }

    const uint64_t m_seed = testSeed();
    RandomInputs m_random{m_seed};
    uint64_t m_turn = 0; ///< batches of one operation; odd ones find their pages elsewhere
};

QTEST_GUILESS_MAIN(BatchBitsTest)
#include "batch_bits_test.moc"
