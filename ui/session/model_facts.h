// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/config.h"

#include <QString>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moe::session {

/// What a checkpoint folder says about itself before its weights are read.
struct ModelFacts {
    std::filesystem::path folder;
    QString error; ///< one line; the rest is empty then
    model::ModelConfig config;
    int64_t weightBytes = 0; ///< of its safetensors files
    int64_t cacheBytes = 0; ///< of keys and values for one whole context, bfloat16
    int64_t freeBytes = 0; ///< of this machine now, without besideBytes
    int64_t besideBytes = 0; ///< weights of the model that stays open
    bool fitsBeside = true; ///< memory holds the weights of both
};

/// `beside`: folder of a model that stays open; empty: none.
ModelFacts readModelFacts(
    const std::filesystem::path& folder, const std::filesystem::path& beside = {});

/// One tensor of a checkpoint as it is stored.
struct TensorFact {
    std::string name;
    std::string dtype; ///< as safetensors call it, "BF16"
    std::vector<int64_t> shape;
    int64_t elements = 0, bytes = 0;
};
struct TensorList {
    QString error; ///< one line; no tensors then
    std::vector<TensorFact> tensors; ///< by name
};
/// Of all safetensors files of a folder; reads their headers alone.
TensorList readTensors(const std::filesystem::path& folder);

/// A checkpoint of a run of the store, also of one that is still training.
struct RunCheckpoint {
    QString run;
    int64_t step = 0;
    std::filesystem::path folder;
};
/// Newest run first, and newest step of each; runs without a checkpoint on this machine are left
/// out.
std::vector<RunCheckpoint> runCheckpoints(const std::filesystem::path& store);

} // namespace moe::session
