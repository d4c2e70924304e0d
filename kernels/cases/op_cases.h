// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cases/operands.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace moe::kernels::cases {

/// One call of an operation (or a few that belong together) on given inputs. `run` puts its
/// operands into a backend, calls it, and names the outputs; the same inputs each time.
struct OpCase {
    std::string name; ///< "projectionForward 129 × 37 → 51 bfloat16, addend aliased"
    std::function<void(Operands&)> run;
};

/// The cases of one operation group ("router").
struct OpCaseGroup {
    const char* name;
    std::vector<OpCase> (*make)(RandomInputs&);
};

/// The table: every operation of kernels/backend.h and kernels/inference.h, with fresh inputs from
/// `random`.
std::vector<OpCaseGroup> opCaseGroups();

std::vector<OpCase> memoryCases(RandomInputs& random);
std::vector<OpCase> embeddingCases(RandomInputs& random);
std::vector<OpCase> rmsNormCases(RandomInputs& random);
std::vector<OpCase> projectionCases(RandomInputs& random);
std::vector<OpCase> ropeCases(RandomInputs& random);
std::vector<OpCase> attentionCases(RandomInputs& random);
std::vector<OpCase> routerCases(RandomInputs& random);
std::vector<OpCase> permuteCases(RandomInputs& random);
std::vector<OpCase> expertsCases(RandomInputs& random);
std::vector<OpCase> headLossCases(RandomInputs& random);
std::vector<OpCase> optimizerCases(RandomInputs& random);
std::vector<OpCase> inferenceRowCases(RandomInputs& random);
std::vector<OpCase> inferenceAttentionCases(RandomInputs& random);
std::vector<OpCase> inferenceProductCases(RandomInputs& random);
std::vector<OpCase> inferenceExpertCases(RandomInputs& random);

/// Runs the case; the outputs, downloaded.
std::vector<Output> runCase(const OpCase& opCase, kernels::Backend& backend);

/// Every difference between two runs of a case, one line each; empty when there is none.
std::string differences(const std::vector<Output>& actual, const std::vector<Output>& expected);

/// printf for case names.
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);
/// "add" or "overwrite".
const char* nameOf(kernels::Write write);
/// What most cases run over.
inline constexpr kernels::DType kActivationTypes[]
    = {kernels::DType::Float32, kernels::DType::BFloat16};
inline constexpr kernels::Write kWrites[] = {kernels::Write::Overwrite, kernels::Write::Add};
inline constexpr int64_t kTokenCounts[] = {1, 3, 129};

} // namespace moe::kernels::cases
