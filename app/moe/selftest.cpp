// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "app/moe/commands.h"
#include "engine/base/json.h"
#include "kernels/cases/op_cases.h"
#include "kernels/devices.h"
#include "kernels/error.h"
#include "kernels/reference/reference_backend.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace moe::cli {

namespace {

/// What differs, empty when nothing does; an error of either side counts as a difference.
std::string runBoth(
    const kernels::cases::OpCase& opCase, kernels::Backend& device, kernels::Backend& truth)
{
    try {
        return kernels::cases::differences(
            kernels::cases::runCase(opCase, device), kernels::cases::runCase(opCase, truth));
    } catch (const Error& error) {
        return error.what();
    }
}

int run(const Arguments& arguments)
{
    const std::string device = arguments.device();
    const auto seed = static_cast<uint64_t>(arguments.integer("--seed", 0, INT64_MAX, 1));
    const auto tested = kernels::makeBackend(device, arguments.threads());
    const auto truth = kernels::makeReferenceBackend();
    kernels::cases::RandomInputs random(seed);
    int64_t cases = 0, failed = 0;
    for (const kernels::cases::OpCaseGroup& group : kernels::cases::opCaseGroups()) {
        for (const kernels::cases::OpCase& opCase : group.make(random)) {
            const std::string difference = runBoth(opCase, *tested, *truth);
            ++cases;
            if (difference.empty())
                continue;
            ++failed;
            std::fprintf(stderr, "%s: %s\n", opCase.name.c_str(), difference.c_str());
        }
    }
    // The counts are the answer even when cases failed.
    if (arguments.has("--json"))
        std::puts(base::Json{{"cases", cases}, {"failed", failed}}.dump().c_str());
    if (failed > 0)
        throw Error(std::to_string(failed) + " of " + std::to_string(cases) + " cases differ",
            "device " + device, "see the lines above, and please report them");
    if (!arguments.has("--json"))
        std::printf("%lld cases, all as the reference has them\n", static_cast<long long>(cases));
    return 0;
}

} // namespace

Command selftestCommand()
{
    Command command;
    command.name = "selftest";
    command.summary = "Compares this machine's kernels with the reference";
    command.options = {{"--seed", "N", "of the random inputs (default: 1)"}, deviceOption(),
        threadsOption(), jsonOption()};
    command.description
        = "Runs every operation of a model, forward and backward, on odd and edge-case sizes, and "
          "compares values and gradients with the scalar reference. Differences beyond what "
          "rounding explains are listed on standard error, and the exit status is 1; --json prints "
          "the counts then, too.";
    command.run = run;
    return command;
}

} // namespace moe::cli
