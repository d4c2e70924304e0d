// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/checkpoint/checkpoint.h"
#include "engine/telemetry/bus.h"
#include "engine/text/corpus.h"
#include "engine/train/run_file.h"
#include "engine/train/trainer.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>

/// A small MoE model that has read a few sentences, trained on the spot in a second or two: three
/// layers of six experts, and a tokenizer of its own.
namespace moe::talking {

/// Returns the checkpoint's folder; the run is in `store`. `context`: tokens of a conversation.
inline std::filesystem::path train(const std::filesystem::path& folder,
    const std::filesystem::path& store, int64_t steps = 40, int64_t context = 512)
{
    {
        std::ofstream text(folder / "text.txt");
        for (int i = 0; i < 400; ++i)
            text << "The router of layer " << i % 7 << " sends a token to two experts.\n"
                 << "专家 " << i % 5 << " 读中文词元，门控决定权重。\n\n";
    }
    text::CorpusOptions options;
    options.sources = {folder / "text.txt"};
    options.out = folder / "corpus";
    options.vocabSize = 340;
    const text::CorpusResult corpus = text::buildCorpus(options);
    base::Json json = base::parseJson(
        R"({"name": "talking", "model": {"architectures": ["SkyworkForCausalLM"], "model_type": "skywork",
 "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
 "num_key_value_heads": 4, "num_experts": [6], "num_experts_per_tok": 2, "moe_use_logits_norm": true,
 "rms_norm_eps": 1e-6},
 "data": {"train": "corpus", "valid": "corpus"}, "sequence_length": 64, "micro_batch_size": 4,
 "global_batch_size": 4, "optimizer": {"name": "adamw", "lr": 5e-3, "warmup_steps": 2},
 "checkpoint": {"dir": "out", "every": 1000}, "valid_every": 1000, "seed": 3})",
        "talking");
    json["model"]["vocab_size"] = corpus.vocabSize;
    json["model"]["max_position_embeddings"] = context;
    json["train_steps"] = steps;
    telemetry::Bus bus;
    train::TrainerOptions trainer;
    trainer.bus = &bus;
    trainer.store = store;
    trainer.threads = 2;
    train::Trainer(train::parseRunFile(json, "talking", folder), trainer).run({});
    return checkpoint::listSteps(folder / "out").back().second;
}

} // namespace moe::talking
