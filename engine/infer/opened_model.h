// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/json.h"
#include "engine/infer/inference_model.h"
#include "engine/telemetry/bus.h"
#include "engine/text/chat_template.h"
#include "engine/text/tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace moe::infer {

struct OpenOptions {
    kernels::DType activations = kernels::DType::BFloat16;
    kernels::DType kvCache = kernels::DType::BFloat16;
    Head head = Head::Stored;
    std::string device = "cpu"; ///< as kernels::makeBackend() takes it
    int threads = 0; ///< 0: all cores
    int64_t parallel = 1; ///< sequences at once
    int64_t context = 0; ///< tokens of one sequence; 0: the model's, bounded by memory
    int64_t cacheTokens = 0; ///< tokens that the KV cache holds; 0: parallel · context, bounded
    int64_t besideBytes = 0; ///< weights of other models that memory holds as well
    std::stop_token cancelled; ///< opening throws Cancelled
    std::function<void(const telemetry::Progress&)> progress;
};

/// A checkpoint folder opened to answer. Opening throws moe::Error for a folder that cannot, for a
/// context that memory does not hold (with the longest one that it does), and Cancelled.
/// Everything const may be called from any thread; the model computes for one thread at a time, a
/// Generator's as long as there is one.
class OpenedModel {
public:
    explicit OpenedModel(const std::filesystem::path& folder, const OpenOptions& options = {});
    /// Over a backend of the caller's choice.
    OpenedModel(const std::filesystem::path& folder, const OpenOptions& options,
        std::unique_ptr<kernels::Backend> backend);
    ~OpenedModel();
    OpenedModel(const OpenedModel&) = delete;
    OpenedModel& operator=(const OpenedModel&) = delete;

    const model::ModelConfig& config() const { return m_model->config(); }
    const text::Tokenizer& tokenizer() const { return *m_tokenizer; }
    const text::ChatFormat& chat() const { return m_chat; }
    /// Of config.json and generation_config.json, sorted.
    std::span<const int32_t> endOfSequence() const { return m_endOfSequence; }
    const std::string& name() const { return m_name; } ///< the folder's

    int64_t context() const { return m_context; } ///< tokens of one sequence
    int64_t parallel() const { return m_parallel; }
    int64_t cacheTokens() const { return m_cache->pages() * kPageTokens; }

    /// The prompt of a conversation (text::checkedChat's form) that a reply follows, as text and as
    /// ids. Throws moe::Error when the template refuses.
    std::string render(const base::Json& chat) const;
    std::vector<int32_t> encode(const base::Json& chat) const;

    /// Throws when the weights' files were written into since: open it again.
    void checkUnchanged() const { m_model->checkUnchanged(); }

    kernels::Backend& backend() { return *m_backend; }
    InferenceModel& model() { return *m_model; }
    const KvCache& cache() const { return *m_cache; }

private:
    void open(const std::filesystem::path& folder, const OpenOptions& options);
    void allocateCache(const std::filesystem::path& folder, const OpenOptions& options);

    std::string m_name;
    int64_t m_parallel, m_context = 0;
    std::unique_ptr<kernels::Backend> m_backend; ///< outlives what it allocated
    std::unique_ptr<text::Tokenizer> m_tokenizer;
    text::ChatFormat m_chat;
    std::unique_ptr<InferenceModel> m_model;
    std::unique_ptr<KvCache> m_cache;
    std::vector<int32_t> m_endOfSequence;
};

/// Of the folder's safetensors files.
int64_t bytesOfWeights(const std::filesystem::path& folder);

} // namespace moe::infer
