// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cases/op_cases.h"

#include <cstdarg>
#include <cstdio>

namespace moe::kernels::cases {

std::vector<OpCaseGroup> opCaseGroups()
{
    return {{"memory", memoryCases}, {"embedding", embeddingCases}, {"rms_norm", rmsNormCases},
        {"projection", projectionCases}, {"rope", ropeCases}, {"attention", attentionCases},
        {"router", routerCases}, {"permute", permuteCases}, {"experts", expertsCases},
        {"head_loss", headLossCases}, {"optimizer", optimizerCases},
        {"inference_rows", inferenceRowCases}, {"inference_attention", inferenceAttentionCases},
        {"inference_products", inferenceProductCases}, {"inference_experts", inferenceExpertCases}};
}

std::vector<Output> runCase(const OpCase& opCase, kernels::Backend& backend)
{
    Operands operands(backend);
    opCase.run(operands);
    return operands.finish();
}

std::string differences(const std::vector<Output>& actual, const std::vector<Output>& expected)
{
    if (actual.size() != expected.size())
        return "another number of outputs";
    std::string lines;
    for (size_t i = 0; i < expected.size(); ++i) {
        const std::string line = difference(actual[i], expected[i]);
        if (!line.empty())
            lines += (lines.empty() ? "" : "\n") + line;
    }
    return lines;
}

std::string text(const char* format, ...)
{
    char buffer[256];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    return buffer;
}

const char* nameOf(kernels::Write write)
{
    return write == kernels::Write::Add ? "add" : "overwrite";
}

} // namespace moe::kernels::cases
