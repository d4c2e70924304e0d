// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/moe/command.h"
#include "engine/infer/generation.h"
#include "engine/infer/opened_model.h"

#include <memory>
#include <vector>

namespace moe::cli {

/// How a checkpoint is opened, the same in all commands that ask it: --model, --precision,
/// --kv-cache, --context, --device, --threads, and those of the contract that are not there yet.
std::vector<Option> modelOptions();
/// --max-tokens, --temperature, …
std::vector<Option> samplingOptions(const std::string& maxTokens);

/// What modelOptions() say. Throws UsageError, also for options that are not there yet.
infer::OpenOptions openOptions(const Arguments& arguments);
kernels::DType precisionOf(const Arguments& arguments);
/// Opens --model with openOptions(), completed by the caller, and progress on standard error.
/// Throws.
std::unique_ptr<infer::OpenedModel> openModel(
    const Arguments& arguments, infer::OpenOptions options);
std::unique_ptr<infer::OpenedModel> openModel(
    const Arguments& arguments, const std::stop_token& cancelled);

/// A request without a prompt as samplingOptions() say.
infer::GenerationRequest requestOf(const Arguments& arguments, int64_t maxTokens);

/// Says once that a conversation's messages are joined by newlines, where they are.
void tellOfMissingTemplate(const infer::OpenedModel& model);

/// Throws the error of a failed reply.
void throwFailure(const infer::GenerationResult& result);

} // namespace moe::cli
