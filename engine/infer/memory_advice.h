// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/out_of_memory.h"

#include <new>
#include <string>

namespace moe::infer {

/// Runs `work`; where memory runs out, the error says what the memory of answers depends on.
template <typename Work> auto withMemoryAdvice(const std::string& where, const Work& work)
{
    const char* const remedy
        = "a shorter context, an FP8 KV cache or fewer tokens at once, or a smaller model";
    try {
        return work();
    } catch (const OutOfMemory& error) {
        throw Error(error.problem(), where + ", " + error.place(), remedy);
    } catch (const std::bad_alloc&) {
        throw Error("memory is used up", where, remedy);
    }
}

} // namespace moe::infer
