// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

#include <cmath>
#include <limits>

namespace moe::kernels::cases {

namespace {

constexpr Tolerance kExact{.exact = true};
constexpr int64_t kSizes[] = {1, 37, 100003}; // the last: more than one thread's share

HostArray anyValues(RandomInputs& random, int64_t size, DType dtype)
{
    if (dtype == DType::Int32 || dtype == DType::Int64) {
        const std::vector<int32_t> ids = random.ids(size, 1000000);
        return {{size}, dtype, {ids.begin(), ids.end()}};
    }
    return random.normal({size}, dtype);
}

/// Values at which rounding to bfloat16 goes wrong first: ties to even in both directions, just
/// beside them, the largest values, infinities, NaN, the smallest, both zeros.
HostArray roundingTraps()
{
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const float tieDown = 1.0F + std::ldexp(1.0F, -8);
    const float tieUp = 1.0F + 3 * std::ldexp(1.0F, -8);
    std::vector<double> values{0.0, -0.0, tieDown, tieUp, -tieDown, -tieUp,
        std::nextafter(tieDown, 2.0F), std::nextafter(tieDown, 0.0F), std::nextafter(tieUp, 2.0F),
        std::nextafter(tieUp, 0.0F), std::numeric_limits<float>::max(),
        -std::numeric_limits<float>::max(), kInfinity, -kInfinity,
        std::numeric_limits<float>::quiet_NaN(), 1e-30F, -1e-30F};
    return {{static_cast<int64_t>(values.size())}, DType::Float32, values};
}

OpCase copyCase(std::string name, const HostArray& from, DType to)
{
    return {std::move(name), [=](Operands& in) {
                const TensorView result = in.blank(from.shape, to);
                in.backend().copy(result, in.input(from));
                in.output("to", result, kExact);
            }};
}

OpCase zeroCase(const HostArray& before)
{
    return {
        text("zero %s %s", before.shape.text().c_str(), nameOf(before.dtype)), [=](Operands& in) {
            const TensorView view = in.inout(before);
            in.backend().zero(view);
            in.output("to", view, kExact);
        }};
}

OpCase addCase(const HostArray& to, const HostArray& from)
{
    return {text("add %s %s", to.shape.text().c_str(), nameOf(to.dtype)), [=](Operands& in) {
                const TensorView view = in.inout(to);
                in.backend().add(view, in.input(from));
                in.output("to", view, {.precision = to.dtype});
            }};
}

/// Bytes held and peaks, as the sums that any backend must tell: they follow from the calls.
OpCase accountingCase()
{
    return {
        "memory, resetPeak, allocate and free", [](Operands& in) {
            Backend& backend = in.backend();
            const MemoryUse before = backend.memory();
            std::vector<double> told;
            const auto tell = [&](MemoryKind kind) {
                const auto index = static_cast<size_t>(kind);
                const MemoryUse now = backend.memory();
                for (const int64_t bytes :
                    {now.bytes[index] - before.bytes[index],
                        now.peakBytes[index] - before.bytes[index],
                        now.totalBytes - before.totalBytes, now.totalPeakBytes - before.totalBytes})
                    told.push_back(static_cast<double>(bytes));
            };
            backend.resetPeak();
            {
                const Tensor one = backend.allocate({3, 7}, DType::BFloat16, MemoryKind::Gradients);
                const Tensor two = backend.allocate({11}, DType::Float64, MemoryKind::Optimizer);
                tell(MemoryKind::Gradients);
                tell(MemoryKind::Optimizer);
            }
            tell(MemoryKind::Optimizer);
            backend.resetPeak();
            tell(MemoryKind::Optimizer);
            told.push_back(static_cast<double>(backend.name().empty()));
            backend.synchronize();
            in.output("bytes",
                in.input({{static_cast<int64_t>(told.size())}, DType::Float64, told}), kExact);
        }};
}

/// Freed and fresh memory in one queue: a value survives only if the order is kept.
OpCase reuseCase(const HostArray& values)
{
    return {"free and allocate between operations", [=](Operands& in) {
                Backend& backend = in.backend();
                const TensorView result = in.blank(values.shape, values.dtype);
                {
                    const Tensor passing
                        = backend.allocate(values.shape, values.dtype, MemoryKind::Workspace);
                    backend.copy(passing, in.input(values));
                    backend.copy(result, passing);
                }
                const Tensor next
                    = backend.allocate(values.shape, values.dtype, MemoryKind::Workspace);
                backend.zero(next);
                in.output("result", result, kExact);
            }};
}

} // namespace

std::vector<OpCase> memoryCases(RandomInputs& random)
{
    std::vector<OpCase> cases{accountingCase(), reuseCase(random.normal({37}, DType::Float32)),
        copyCase("copy rounds to nearest even", roundingTraps(), DType::BFloat16)};
    for (const int64_t size : kSizes) {
        for (const DType from :
            {DType::Float32, DType::BFloat16, DType::Float64, DType::Int32, DType::Int64}) {
            const HostArray values = anyValues(random, size, from);
            cases.push_back(zeroCase(values));
            cases.push_back(addCase(values, anyValues(random, size, from)));
            cases.push_back(copyCase(text("copy %s", nameOf(from)), values, from));
        }
        for (const auto& [from, to] :
            {std::pair{DType::Float32, DType::BFloat16}, std::pair{DType::BFloat16, DType::Float32},
                std::pair{DType::Float32, DType::Float64},
                std::pair{DType::Float64, DType::Float32}})
            cases.push_back(copyCase(text("copy %s to %s", nameOf(from), nameOf(to)),
                anyValues(random, size, from), to));
    }
    return cases;
}

} // namespace moe::kernels::cases
