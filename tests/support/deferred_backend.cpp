// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/deferred_operand.h"

#include "kernels/error.h"

#include <unistd.h>

#include <cstddef>
#include <exception>
#include <utility>

namespace moe::tests {

DeferredBackend::DeferredBackend(std::unique_ptr<Backend> inner)
    : m_inner(std::move(inner))
{
}

DeferredBackend::~DeferredBackend()
{
    try {
        runQueue();
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): nobody waits for it any more
    }
}

std::string_view DeferredBackend::name() const
{
    m_called.emplace("name");
    return "deferred";
}

// The queue ---------------------------------------------------------------------------------------

void DeferredBackend::queue(const char* function, std::function<void()> operation) const
{
    m_called.emplace(function);
    m_queue.push_back(std::move(operation));
}

void DeferredBackend::runQueue() const
{
    // One that fails must not take the allocations and frees behind it along.
    std::exception_ptr firstError;
    for (const auto& operation : std::exchange(m_queue, {})) {
        try {
            operation();
        } catch (...) {
            if (!firstError)
                firstError = std::current_exception();
        }
    }
    if (firstError)
        std::rethrow_exception(firstError);
}

DeferredBackend::Operand DeferredBackend::operand(const TensorView& view) const
{
    if (!view)
        return {view, nullptr};
    const auto* data = static_cast<const char*>(view.data);
    auto after = m_live.upper_bound(data);
    if (after == m_live.begin())
        throw Error("operand is not memory of this backend", view.shape.text(), "a live tensor");
    const std::shared_ptr<Allocation>& found = std::prev(after)->second;
    if (data + view.bytes() > found->first + found->bytes)
        throw Error("operand reaches beyond its tensor, or the tensor is freed", view.shape.text(),
            "a view of a live tensor");
    return {view, found};
}

DeferredBackend::StateOperands DeferredBackend::operands(const RouterState& state) const
{
    return {.probs = operand(state.probs),
        .chosen = operand(state.chosen),
        .weights = operand(state.weights),
        .slots = operand(state.slots),
        .rowToken = operand(state.rowToken),
        .offsets = operand(state.offsets),
        .load = operand(state.load)};
}

// Memory ------------------------------------------------------------------------------------------

void* DeferredBackend::allocateBytes(int64_t bytes, MemoryKind kind)
{
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    auto allocation = std::make_shared<Allocation>();
    // One page more than needed: no two allocations touch.
    allocation->mapped = (static_cast<size_t>(bytes) / page + 2) * page;
    void* address = mmap(
        nullptr, allocation->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED)
        throw Error("no addresses left", std::to_string(bytes) + " bytes", "a smaller test");
    allocation->first = static_cast<char*>(address);
    allocation->bytes = bytes;
    m_live.emplace(allocation->first, allocation);
    queue("allocateBytes", [this, allocation, bytes, kind] {
        allocation->inner = m_inner->allocate({bytes}, DType::Float8E4M3, kind);
        const std::vector<std::byte> ones(static_cast<size_t>(bytes), std::byte{0xFF});
        m_inner->upload(allocation->inner, ones.data());
    });
    return address;
}

void DeferredBackend::freeBytes(void* data, int64_t, MemoryKind) noexcept
{
    const auto found = m_live.find(static_cast<const char*>(data));
    queue(
        "freeBytes", [allocation = found->second] { Tensor freed = std::move(allocation->inner); });
    m_live.erase(found);
}

void DeferredBackend::upload(const TensorView& to, const void* from)
{
    const auto* bytes = static_cast<const std::byte*>(from);
    std::vector<std::byte> data(bytes, bytes + to.bytes());
    queue("upload",
        [this, to = operand(to), data = std::move(data)] { m_inner->upload(*to, data.data()); });
}

void DeferredBackend::download(void* to, const TensorView& from)
{
    m_called.emplace("download");
    const Operand source = operand(from);
    runQueue();
    m_inner->download(to, *source);
}

void DeferredBackend::copy(const TensorView& to, const TensorView& from)
{
    queue("copy", [this, to = operand(to), from = operand(from)] { m_inner->copy(*to, *from); });
}

void DeferredBackend::zero(const TensorView& to)
{
    queue("zero", [this, to = operand(to)] { m_inner->zero(*to); });
}

void DeferredBackend::add(const TensorView& to, const TensorView& from)
{
    queue("add", [this, to = operand(to), from = operand(from)] { m_inner->add(*to, *from); });
}

void DeferredBackend::synchronize()
{
    m_called.emplace("synchronize");
    runQueue();
    m_inner->synchronize();
}

MemoryUse DeferredBackend::memory() const
{
    m_called.emplace("memory");
    runQueue();
    return m_inner->memory();
}

void DeferredBackend::resetPeak()
{
    queue("resetPeak", [this] { m_inner->resetPeak(); });
}

// Weights -----------------------------------------------------------------------------------------

std::unique_ptr<PackedMatrix> DeferredBackend::createPacked(Shape groupsOutIn, DType dtype)
{
    auto matrix = std::make_unique<DeferredMatrix>(*this, groupsOutIn, dtype);
    queue("createPacked", [this, inner = DeferredMatrix::innerOf(*matrix), groupsOutIn, dtype] {
        *inner = m_inner->createPacked(groupsOutIn, dtype);
    });
    return matrix;
}

void DeferredBackend::pack(PackedMatrix& to, const TensorView& master)
{
    queue("pack", [this, inner = DeferredMatrix::innerOf(to), master = operand(master)] {
        m_inner->pack(**inner, *master);
    });
}

} // namespace moe::tests
