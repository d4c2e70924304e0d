// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "versed_dialogues.h"

#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/telemetry/bus.h"
#include "engine/text/corpus.h"
#include "engine/text/tokenizer.h"
#include "engine/train/run_file.h"
#include "engine/train/trainer.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>
#include <string>

/// A small MoE model that knows the dialogues by heart: eight layers of sixteen experts, trained on
/// the spot in some fifteen seconds of a core. What it replies it generates; a chat template with
/// tokens of its own and an end of sequence make it stop where a reply ends.
namespace moe::versed {

inline constexpr int kRounds = 40; ///< the dialogues, each time in another order
inline constexpr int64_t kPieces = 760, kSteps = 220;

inline void writeTokenizer(const std::filesystem::path& folder)
{
    size_t at = 0;
    text::trainTokenizer(
        [&at]() -> std::optional<std::string> {
            constexpr size_t kOften = 10; // pairs that come once make no piece
            if (at == kOften * kTurns.size())
                return std::nullopt;
            const Turn& turn = kTurns.at(at++ % kTurns.size());
            return std::string(turn.question) + "\n\n" + turn.answer;
        },
        kPieces, folder / "tokenizer.model");
    const int64_t pieces = text::loadTokenizer(folder)->vocabSize();
    base::Json config;
    config["eos_token"] = "</s>";
    for (const char* role : {"<|user|>", "<|assistant|>"}) {
        base::Json& added = config["added_tokens_decoder"];
        added[std::to_string(pieces + std::ssize(added))] = {{"content", role}, {"special", true}};
    }
    config["chat_template"] = R"({%- for message in messages -%}
<|{{ message.role }}|>{{ message.content }}
{%- if message.role == 'assistant' %}{{ eos_token }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>{% endif %})";
    base::writeFileAtomically(folder / "tokenizer_config.json", config.dump());
}

/// A turn is a document, so that a conversation of several is what documents look like one after
/// another.
inline void writeDialogues(const std::filesystem::path& file)
{
    std::string lines;
    for (size_t round = 0; round < kRounds; ++round) {
        const size_t stride = 1 + round % (kTurns.size() - 1); // prime to a prime number of turns
        for (size_t i = 0; i < kTurns.size(); ++i) {
            const Turn& turn = kTurns.at((round + i * stride) % kTurns.size());
            const std::string said
                = std::string("<|user|>") + turn.question + "<|assistant|>" + turn.answer;
            lines += base::Json{{"text", said}}.dump() + "\n";
        }
    }
    base::writeFileAtomically(file, lines);
}

/// Returns the checkpoint's folder; the run is in `store`.
inline std::filesystem::path train(
    const std::filesystem::path& folder, const std::filesystem::path& store, int64_t steps = kSteps)
{
    std::filesystem::create_directories(folder / "tokenizer");
    writeTokenizer(folder / "tokenizer");
    writeDialogues(folder / "dialogues.jsonl");
    text::CorpusOptions options;
    options.sources = {folder / "dialogues.jsonl"};
    options.out = folder / "corpus";
    options.tokenizer = folder / "tokenizer";
    const text::CorpusResult corpus = text::buildCorpus(options);
    base::Json json = base::parseJson(
        R"({"name": "moe-small", "model": {"architectures": ["SkyworkForCausalLM"],
 "model_type": "skywork", "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 8,
 "num_attention_heads": 4, "num_key_value_heads": 4, "num_experts": [16], "num_experts_per_tok": 2,
 "moe_use_logits_norm": true, "rms_norm_eps": 1e-6, "max_position_embeddings": 2048,
 "eos_token_id": 2},
 "data": {"train": "corpus"}, "sequence_length": 256, "micro_batch_size": 4,
 "global_batch_size": 4, "optimizer": {"name": "adamw", "lr": 6e-3, "warmup_steps": 10},
 "moe": {"capacity_factor": null, "aux_coeff": 0.02},
 "checkpoint": {"dir": "moe-small", "every": 110}, "seed": 3})",
        "versed");
    json["model"]["vocab_size"] = corpus.vocabSize;
    json["train_steps"] = steps;
    telemetry::Bus bus;
    train::TrainerOptions trainer;
    trainer.bus = &bus;
    trainer.store = store;
    trainer.threads = 2;
    train::Trainer(train::parseRunFile(json, "versed", folder), trainer).run({});
    return checkpoint::listSteps(folder / "moe-small").back().second;
}

} // namespace moe::versed
