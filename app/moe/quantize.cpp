// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantize.h"
#include "app/moe/commands.h"
#include "app/moe/progress.h"
#include "app/moe/signals.h"
#include "engine/base/json.h"
#include "engine/infer/inference_model.h"
#include "kernels/devices.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

/// Opens the model as those do that run it: all that its config.json demands must be there, in its
/// shape, and nothing else. Weights are mapped, not read.
void checkComplete(const Arguments& arguments, const std::string& model)
{
    const auto backend = kernels::makeBackend(arguments.device(), arguments.threads());
    const infer::InferenceModel opened(*backend, model, kernels::DType::BFloat16, 1, 1);
}

int run(const Arguments& arguments)
{
    const std::string out = arguments.filledText("--out");
    const checkpoint::QuantScheme scheme = checkpoint::quantSchemeOf(arguments.text("--scheme"));
    const std::string model = arguments.filledText("--model");
    checkComplete(arguments, model);
    ProgressLine progress(arguments.has("--quiet"));
    const auto show = [&](int64_t done, int64_t total) {
        progress.show(
            "wrote " + groupedText(done) + " of " + groupedText(total) + " bytes", done, total);
    };
    const checkpoint::QuantizeResult result
        = checkpoint::quantizeFolder(model, scheme, out, stopOnSignals(), show);

    if (arguments.has("--json")) {
        const base::Json json{{"out", out}, {"scheme", checkpoint::nameOf(scheme)},
            {"quantized", result.quantized}, {"kept", result.kept},
            {"bytes_before", result.bytesBefore}, {"bytes_after", result.bytesAfter}};
        std::puts(json.dump(-1, ' ', false, base::Json::error_handler_t::replace).c_str());
    } else if (!arguments.has("--quiet")) {
        progress.note(out + ": " + groupedText(result.quantized) + " tensors quantised, "
            + groupedText(result.kept) + " kept; " + groupedText(result.bytesBefore)
            + " bytes before, " + groupedText(result.bytesAfter) + " after");
    }
    return 0;
}

} // namespace

Command quantizeCommand()
{
    Command command;
    command.name = "quantize";
    command.summary = "Writes a checkpoint with its matrices in FP8";
    command.options = {{"--model", "DIR", "the checkpoint, a Hugging Face folder", true},
        {"--scheme", "SCHEME", "fp8-tensor, fp8-channel or fp8-block", true},
        {"--out", "DIR", "the folder to write, new or empty", true}, jsonOption(), quietOption()};
    command.description
        = "The matrices of attention and experts become E4M3 codes with float32 scales, "
          "max|w| / 448 of a whole matrix (fp8-tensor, as vLLM's fp8), of each of its rows "
          "(fp8-channel, as compressed-tensors) or of each 128 × 128 block of it (fp8-block, as "
          "DeepSeek's). Router, norms, biases, embedding and head stay as they were.";
    command.run = run;
    return command;
}

} // namespace moe::cli
