// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <random>

namespace moe::kernels {

namespace {

using Clock = std::chrono::steady_clock;

/// Memory, values and timing for one shape.
class Bench {
public:
    Bench(Backend& backend, const BenchShape& shape, DType act, int repeats)
        : m_backend(backend)
        , m_shape(shape)
        , m_act(act)
        , m_repeats(repeats)
    {
    }
    std::vector<BenchResult> run();

private:
    Tensor make(Shape shape, DType dtype, float deviation = 1.0F);
    Tensor makeIds(int64_t count, int64_t size);
    std::unique_ptr<PackedMatrix> makePacked(const Tensor& master, DType dtype);
    void time(std::string operation, int64_t calls, double operations, double bytes,
        const std::function<void()>& call);

    void dense();
    void attention();
    void experts();
    void head();
    void optimizer();

    Backend& m_backend;
    const BenchShape& m_shape;
    DType m_act;
    int m_repeats;
    std::mt19937 m_random{1};
    std::vector<BenchResult> m_results;
};

Tensor Bench::make(Shape shape, DType dtype, float deviation)
{
    Tensor result = m_backend.allocate(shape, dtype, MemoryKind::Activations);
    std::vector<float> block(1 << 16);
    std::normal_distribution<float> normal(0.0F, deviation);
    std::generate(block.begin(), block.end(), [&] { return normal(m_random); });
    const auto size = static_cast<int64_t>(block.size());
    const Tensor staged = m_backend.allocate({size}, DType::Float32, MemoryKind::Activations);
    m_backend.upload(staged, block.data());
    for (int64_t first = 0; first < result->elements(); first += size) {
        const int64_t count = std::min(size, result->elements() - first);
        m_backend.copy(result->at(first, {count}), staged->at(0, {count}));
    }
    m_backend.synchronize();
    return result;
}

Tensor Bench::makeIds(int64_t count, int64_t size)
{
    Tensor result = m_backend.allocate({count}, DType::Int32, MemoryKind::Activations);
    std::vector<int32_t> ids(static_cast<size_t>(count));
    std::uniform_int_distribution<int32_t> any(0, static_cast<int32_t>(size - 1));
    std::generate(ids.begin(), ids.end(), [&] { return any(m_random); });
    m_backend.upload(result, ids.data());
    m_backend.synchronize();
    return result;
}

std::unique_ptr<PackedMatrix> Bench::makePacked(const Tensor& master, DType dtype)
{
    auto packed = m_backend.createPacked(master->shape, dtype);
    m_backend.pack(*packed, master);
    return packed;
}

void Bench::time(std::string operation, int64_t calls, double operations, double bytes,
    const std::function<void()>& call)
{
    double best = 1e30;
    for (int i = 0; i <= m_repeats; ++i) { // the first touches the memory
        const Clock::time_point begin = Clock::now();
        call();
        m_backend.synchronize();
        const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        if (i > 0)
            best = std::min(best, seconds);
    }
    m_results.push_back({std::move(operation), best, operations, bytes, calls});
}

void Bench::dense()
{
    const int64_t tokens = m_shape.tokens(), hidden = m_shape.hidden, layers = m_shape.layers;
    const auto size = static_cast<double>(bytesOf(m_act));
    const double row = static_cast<double>(tokens * hidden) * size;
    const Tensor x = make({tokens, hidden}, m_act), dy = make({tokens, hidden}, m_act);
    const Tensor y = make({tokens, hidden}, m_act), dx = make({tokens, hidden}, m_act);
    const Tensor ids = makeIds(tokens, m_shape.vocabulary);
    const Tensor table = make({m_shape.vocabulary, hidden}, DType::Float32);
    const Tensor dTable = make({m_shape.vocabulary, hidden}, DType::Float32);
    time("embeddingForward", 1, 0, 2 * row, [&] { m_backend.embeddingForward(ids, table, y); });
    time("embeddingBackward", 1, 0, static_cast<double>(dTable->bytes()) + row,
        [&] { m_backend.embeddingBackward(ids, dy, dTable, Write::Overwrite); });

    const Tensor weight = make({hidden}, DType::Float32), dWeight = make({hidden}, DType::Float32);
    const Tensor rstd = make({tokens}, DType::Float32);
    time("rmsNormForward", 2 * layers + 1, 0, 2 * row,
        [&] { m_backend.rmsNormForward(x, weight, 1e-6F, y, rstd); });
    time("rmsNormBackward", 2 * layers + 1, 0, 4 * row, [&] {
        m_backend.rmsNormBackward(x, weight, rstd, dy, dx, Write::Add, dWeight, Write::Overwrite);
    });

    const int64_t attention = m_shape.heads * m_shape.headDim;
    struct Dense {
        const char* name;
        int64_t out, in;
        DType type;
        bool addend;
    };
    for (const Dense& d : {Dense{"qkv", 3 * attention, hidden, m_act, false},
             Dense{"out", hidden, attention, m_act, true},
             Dense{"router", m_shape.experts, hidden, DType::Float32, false}}) {
        const Tensor master = make({1, d.out, d.in}, DType::Float32, 0.05F);
        const auto packed = makePacked(master, d.type);
        const Tensor from = make({tokens, d.in}, m_act), dFrom = make({tokens, d.in}, m_act);
        const Tensor to = make({tokens, d.out}, d.type), dTo = make({tokens, d.out}, d.type);
        const Tensor dW = make({d.out, d.in}, DType::Float32);
        const double operations = 2.0 * static_cast<double>(tokens * d.out * d.in);
        const double bytes = static_cast<double>(from->bytes() + to->bytes());
        time(std::string(d.name) + " projectionForward", layers, operations, bytes, [&] {
            m_backend.projectionForward(from, *packed, d.addend ? to.view() : TensorView{}, to);
        });
        time(std::string(d.name) + " projectionBackward", layers, 2 * operations, 2 * bytes, [&] {
            m_backend.projectionBackward(
                from, *packed, dTo, dFrom, Write::Overwrite, dW, Write::Overwrite);
        });
    }
}

void Bench::attention()
{
    const int64_t tokens = m_shape.tokens(), layers = m_shape.layers;
    const AttentionShape shape{.batch = m_shape.sequences,
        .sequence = m_shape.sequence,
        .heads = m_shape.heads,
        .kvHeads = m_shape.heads,
        .headDim = m_shape.headDim,
        .scale = 1.0F / std::sqrt(static_cast<float>(m_shape.headDim))};
    const Tensor qkv = make({tokens, 3 * shape.heads, shape.headDim}, m_act);
    const Tensor dQkv = make({tokens, 3 * shape.heads, shape.headDim}, m_act);
    const Tensor out = make({tokens, shape.heads * shape.headDim}, m_act);
    const Tensor dOut = make({tokens, shape.heads * shape.headDim}, m_act);
    const Tensor lse = make({shape.batch, shape.heads, shape.sequence}, DType::Float32);
    const Tensor table = make({shape.sequence, shape.headDim / 2, 2}, DType::Float32);
    const auto bytes = static_cast<double>(qkv->bytes());
    time(
        "ropeForward", layers, 0, bytes * 4 / 3, [&] { m_backend.ropeForward(qkv, table, shape); });
    time("ropeBackward", layers, 0, bytes * 4 / 3,
        [&] { m_backend.ropeBackward(dQkv, table, shape); });
    m_backend.copy(qkv, make(qkv->shape, m_act)); // the table is no rotation
    const double pairs = static_cast<double>(shape.batch * shape.heads)
        * static_cast<double>(shape.sequence * (shape.sequence + 1)) / 2;
    const double operations = 4.0 * pairs * static_cast<double>(shape.headDim);
    time("attentionForward", layers, operations, bytes * 4 / 3,
        [&] { m_backend.attentionForward(qkv, shape, out, lse); });
    time("attentionBackward", layers, 2.5 * operations, bytes * 8 / 3,
        [&] { m_backend.attentionBackward(qkv, out, lse, dOut, shape, dQkv); });
}

void Bench::experts()
{
    const int64_t tokens = m_shape.tokens(), hidden = m_shape.hidden, ffn = m_shape.ffn;
    const int64_t n = m_shape.experts, layers = m_shape.layers, slots = tokens * m_shape.topK;
    const Tensor logits = make({tokens, n}, DType::Float32);
    const auto ints = [&](Shape shape) {
        return m_backend.allocate(shape, DType::Int32, MemoryKind::Activations);
    };
    const Tensor probs = make({tokens, n}, DType::Float32),
                 dLogits = make({tokens, n}, DType::Float32);
    const Tensor weights = make({tokens, m_shape.topK}, DType::Float32);
    const Tensor dWeights = make({tokens, m_shape.topK}, DType::Float32);
    const Tensor chosen = ints({tokens, m_shape.topK}), places = ints({tokens, m_shape.topK});
    const Tensor rowToken = ints({slots}), offsets = ints({n + 1}), load = ints({n});
    const Tensor counts = m_backend.allocate({2, n}, DType::Int64, MemoryKind::Activations);
    const Tensor sums = m_backend.allocate({kRouterSums}, DType::Float64, MemoryKind::Activations);
    m_backend.zero(counts);
    m_backend.zero(sums);
    const RouterState state{probs, chosen, weights, places, rowToken, offsets, load};
    const RouterTotals totals{counts->at(0, {n}), counts->at(n, {n}), sums};
    const RouterShape shape{.experts = n,
        .topK = m_shape.topK,
        .normalize = true,
        .capacity = static_cast<int64_t>(std::ceil(
            m_shape.capacityFactor * static_cast<double>(slots) / static_cast<double>(n))),
        .auxLoss = AuxLoss::Skywork};
    time("routerForward", layers, 0, 2.0 * static_cast<double>(logits->bytes()),
        [&] { m_backend.routerForward(logits, shape, state, totals); });
    time("routerBackward", layers, 0, 3.0 * static_cast<double>(logits->bytes()), [&] {
        m_backend.routerBackward(logits, shape, state, {0.01F, 0.0F, 1.0F}, dWeights, dLogits);
    });
    int32_t used = 0;
    m_backend.download(&used, offsets->at(n, {1}));

    const Tensor x = make({tokens, hidden}, m_act), dx = make({tokens, hidden}, m_act);
    const Tensor rows = make({slots, hidden}, m_act), dRows = make({slots, hidden}, m_act);
    const Tensor y = make({slots, hidden}, m_act), gateUpOut = make({slots, 2 * ffn}, m_act);
    const double rowBytes = static_cast<double>(used * hidden * bytesOf(m_act));
    time("permuteForward", layers, 0, 2 * rowBytes,
        [&] { m_backend.permuteForward(x, state, rows); });
    time("permuteBackward", layers, 0, 2 * rowBytes,
        [&] { m_backend.permuteBackward(dRows, state, dx, Write::Overwrite); });
    time("combineForward", layers, 0, 2 * rowBytes,
        [&] { m_backend.combineForward(y, state, x, dx); });
    time("combineBackward", layers, 0, 3 * rowBytes,
        [&] { m_backend.combineBackward(y, state, dx, dRows, dWeights); });

    const Tensor gateUpMaster = make({n, 2 * ffn, hidden}, DType::Float32, 0.05F);
    const Tensor downMaster = make({n, hidden, ffn}, DType::Float32, 0.05F);
    const auto gateUp = makePacked(gateUpMaster, m_act), down = makePacked(downMaster, m_act);
    const Tensor dGateUp = make(gateUpMaster->shape, DType::Float32);
    const Tensor dDown = make(downMaster->shape, DType::Float32);
    const double operations = 6.0 * static_cast<double>(used * ffn * hidden);
    const double weightBytes
        = static_cast<double>(3 * n * ffn * hidden) * static_cast<double>(bytesOf(m_act));
    time("expertsForward", layers, operations, weightBytes + 2 * rowBytes,
        [&] { m_backend.expertsForward(rows, offsets, *gateUp, *down, gateUpOut, y); });
    time("expertsBackward", layers, 2 * operations, 2 * weightBytes + 4 * rowBytes, [&] {
        m_backend.expertsBackward(
            rows, offsets, *gateUp, *down, gateUpOut, dRows, y, dGateUp, dDown, Write::Overwrite);
    });
    if (m_act == DType::BFloat16) {
        time("pack gateUp", layers, 0, static_cast<double>(gateUpMaster->bytes()) * 2,
            [&] { m_backend.pack(*gateUp, gateUpMaster); });
        time("pack down", layers, 0, static_cast<double>(downMaster->bytes()) * 2,
            [&] { m_backend.pack(*down, downMaster); });
    }
}

void Bench::head()
{
    const int64_t tokens = m_shape.tokens(), hidden = m_shape.hidden, size = m_shape.vocabulary;
    const Tensor x = make({tokens, hidden}, m_act), dx = make({tokens, hidden}, m_act);
    const Tensor master = make({1, size, hidden}, DType::Float32, 0.05F);
    const Tensor dW = make({size, hidden}, DType::Float32);
    const Tensor targets = makeIds(tokens, size);
    const Tensor loss = m_backend.allocate({1}, DType::Float64, MemoryKind::Activations);
    m_backend.zero(loss);
    const auto packed = makePacked(master, m_act);
    const double operations = 6.0 * static_cast<double>(tokens * hidden * size);
    time("headLossForward", 0, operations / 3, 0,
        [&] { m_backend.headLossForward(x, *packed, targets, loss); });
    time("headLossForwardBackward", 1, operations, static_cast<double>(dW->bytes()), [&] {
        m_backend.headLossForwardBackward(
            x, *packed, targets, 1e-3F, loss, dx, dW, Write::Overwrite);
    });
}

void Bench::optimizer()
{
    const int64_t hidden = m_shape.hidden;
    const int64_t layer = 4 * hidden * m_shape.heads * m_shape.headDim + m_shape.experts * hidden
        + 3 * m_shape.experts * m_shape.ffn * hidden;
    const int64_t all = m_shape.layers * layer + 2 * m_shape.vocabulary * hidden;
    // A part as large as a layer's experts, called as often as it takes for all parameters.
    const int64_t part = 3 * m_shape.experts * m_shape.ffn * hidden;
    const Tensor p = make({part}, DType::Float32), g = make({part}, DType::Float32);
    const Tensor m = make({part}, DType::Float32), v = make({part}, DType::Float32, 0.0F);
    const Tensor sum = m_backend.allocate({1}, DType::Float64, MemoryKind::Activations);
    m_backend.zero(sum);
    const int64_t calls = (all + part - 1) / part;
    time("adamw", calls, 0, 7.0 * static_cast<double>(p->bytes()),
        [&] { m_backend.adamw(p, g, m, v, {.lr = 1e-4F, .weightDecay = 0.1F}); });
    time("sumOfSquares", calls, 0, static_cast<double>(p->bytes()),
        [&] { m_backend.sumOfSquares(g, sum); });
}

std::vector<BenchResult> Bench::run()
{
    dense();
    attention();
    experts();
    head();
    optimizer();
    return std::move(m_results);
}

} // namespace

BenchShape smallBenchShape()
{
    return {.name = "small",
        .hidden = 256,
        .ffn = 512,
        .layers = 6,
        .heads = 4,
        .headDim = 64,
        .vocabulary = 8192};
}

BenchShape midBenchShape()
{
    return {.name = "mid",
        .hidden = 512,
        .ffn = 1408,
        .layers = 8,
        .heads = 8,
        .headDim = 64,
        .vocabulary = 16384};
}

std::vector<BenchResult> benchKernels(
    Backend& backend, const BenchShape& shape, DType act, int repeats)
{
    return Bench(backend, shape, act, repeats).run();
}

double stepSeconds(const std::vector<BenchResult>& results)
{
    double total = 0;
    for (const BenchResult& result : results)
        total += result.seconds * static_cast<double>(result.callsPerStep);
    return total;
}

} // namespace moe::kernels
