// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/text/indexed_dataset.h"
#include "engine/train/run_file.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

/// A real run that takes milliseconds a step: two MoE layers of four experts on made-up tokens.
namespace moe::tiny {

inline std::filesystem::path writeCorpus(const std::filesystem::path& folder)
{
    const std::filesystem::path prefix = folder / "corpus";
    std::mt19937 random(7);
    std::vector<int32_t> tokens(20'000);
    for (int32_t& token : tokens)
        token = static_cast<int32_t>(random() % 50);
    text::IndexedDatasetWriter writer(prefix, 64);
    writer.addDocument(tokens);
    writer.finish();
    return prefix;
}

inline train::RunFile runFile(const std::filesystem::path& folder, int64_t steps)
{
    const base::Json json = base::parseJson(
        R"({"name": "tiny", "model": {"architectures": ["SkyworkForCausalLM"], "model_type": "skywork",
 "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
 "num_key_value_heads": 2, "num_experts": [4], "num_experts_per_tok": 2, "moe_use_logits_norm": true,
 "rms_norm_eps": 1e-6, "max_position_embeddings": 64},
 "data": {"train": "corpus", "valid": "corpus"}, "sequence_length": 32, "micro_batch_size": 2,
 "global_batch_size": 4, "train_steps": )"
            + std::to_string(steps)
            + R"(, "optimizer": {"name": "adamw", "lr": 1e-3, "warmup_steps": 2},
 "checkpoint": {"dir": "out", "every": 1000}, "valid_every": 1000, "seed": 3})",
        "tiny");
    return train::parseRunFile(json, "tiny", folder);
}

} // namespace moe::tiny
