// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/inference.h"

#include <memory>

namespace moe::tests {

/// The operations of inference in plain loops over host memory, in double, after the words of
/// kernels/inference.h alone: an independent check of what a model asks for. Float32 activations.
std::unique_ptr<kernels::InferenceOperations> makePlainOperations();

} // namespace moe::tests
