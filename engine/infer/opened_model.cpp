// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/opened_model.h"

#include "engine/base/memory.h"
#include "engine/infer/memory_advice.h"
#include "kernels/devices.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <set>

namespace moe::infer {

using base::Json;
namespace fs = std::filesystem;

namespace {

/// Rows of a step: enough that a prompt's products run at full speed, few enough that a step that
/// somebody cancels does not last.
constexpr int64_t kStepRows = 512;
constexpr int64_t kMostParallel = 1024;
/// Of the memory that the weights leave free.
constexpr double kCacheShare = 0.8;

std::string nameOfFolder(const fs::path& folder)
{
    const fs::path whole = fs::absolute(folder).lexically_normal();
    return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

void addEndOfSequence(const fs::path& file, int64_t vocabulary, std::set<int32_t>& ids)
{
    if (!fs::exists(file))
        return;
    const Json json = base::readJsonFile(file);
    base::ObjectReader reader(json, file.string());
    const Json* value = reader.raw("eos_token_id");
    if (!value || value->is_null())
        return;
    for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
        if (!id.is_number_integer() || id < 0 || id >= vocabulary)
            throw Error("eos_token_id is no id of the vocabulary", file.string(),
                "0 to " + std::to_string(vocabulary - 1));
        ids.insert(id.get<int32_t>());
    }
}

/// Tokens whose keys and values memory holds beside the weights and `besideBytes`, which are
/// mapped and so count as available.
int64_t tokensThatFit(const fs::path& folder, int64_t bytesPerToken, int64_t besideBytes)
{
    const int64_t available = std::max<int64_t>(0, base::availableMemoryBytes() - besideBytes);
    // Weights are mapped: a model larger than memory runs, slowly, and needs a cache, too.
    const int64_t left = std::max(available - bytesOfWeights(folder), available / 4);
    const double bytes = kCacheShare * static_cast<double>(left);
    return static_cast<int64_t>(bytes / static_cast<double>(bytesPerToken)) / kPageTokens
        * kPageTokens;
}

void checkOptions(const OpenOptions& options)
{
    const auto check = [](const char* name, int64_t value, int64_t least, int64_t most) {
        if (value < least || value > most)
            throw UsageError(std::string(name) + " is out of range", std::to_string(value),
                std::to_string(least) + " to " + std::to_string(most));
    };
    constexpr int64_t kMostTokens = int64_t{1} << 40;
    check("requests at once", options.parallel, 1, kMostParallel);
    check("context", options.context, 0, kMostTokens);
    check("KV cache", options.cacheTokens, 0, kMostTokens);
}

} // namespace

int64_t bytesOfWeights(const fs::path& folder)
{
    int64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".safetensors" && entry.is_regular_file())
            bytes += static_cast<int64_t>(entry.file_size());
    }
    return bytes;
}

OpenedModel::OpenedModel(const fs::path& folder, const OpenOptions& options)
    : OpenedModel(folder, options, kernels::makeBackend(options.device, options.threads))
{
}

OpenedModel::OpenedModel(
    const fs::path& folder, const OpenOptions& options, std::unique_ptr<kernels::Backend> backend)
    : m_name(nameOfFolder(folder))
    , m_parallel(options.parallel)
    , m_backend(std::move(backend))
{
    checkOptions(options);
    withMemoryAdvice(m_name, [&] { open(folder, options); });
}

OpenedModel::~OpenedModel() = default;

void OpenedModel::open(const fs::path& folder, const OpenOptions& options)
{
    const auto onLayer = [&](int64_t done, int64_t total) {
        if (options.cancelled.stop_requested())
            throw Cancelled("opening was stopped", folder.string(), "open it again");
        if (options.progress)
            options.progress({"opening " + m_name, "layers", done, total});
    };
    m_model = std::make_unique<InferenceModel>(*m_backend, folder, options.activations,
        std::max(kStepRows, options.parallel), std::numeric_limits<int64_t>::max(), onLayer,
        options.head);
    m_tokenizer = text::loadTokenizer(folder);
    m_chat = text::readChatFormat(folder);
    std::set<int32_t> ends;
    for (const int64_t id : config().eosTokenIds)
        ends.insert(static_cast<int32_t>(id));
    addEndOfSequence(folder / "generation_config.json", config().vocabSize, ends);
    m_endOfSequence.assign(ends.begin(), ends.end());
    allocateCache(folder, options);
}

void OpenedModel::allocateCache(const fs::path& folder, const OpenOptions& options)
{
    const int64_t bytesPerToken = KvCache::bytesPerToken(config(), options.kvCache);
    const int64_t fit = tokensThatFit(folder, bytesPerToken, options.besideBytes);
    if (options.context > config().maxPositions)
        throw UsageError("a context of " + std::to_string(options.context) + " tokens",
            folder.string(),
            "at most the model's " + std::to_string(config().maxPositions)
                + " (max_position_embeddings)");
    m_context = options.context ? options.context : std::min(config().maxPositions, fit);
    if (options.cacheTokens && !options.context)
        m_context = std::min(m_context, options.cacheTokens);
    const int64_t tokens = options.cacheTokens
        ? options.cacheTokens
        : std::max(m_context, std::min(m_parallel * m_context, fit));
    if (tokens > fit || tokens < 1)
        throw Error("a KV cache of " + std::to_string(tokens) + " tokens takes "
                + std::to_string(tokens * bytesPerToken) + " bytes",
            folder.string(),
            "memory has room for " + std::to_string(fit)
                + " tokens: a shorter context, or fewer requests at once");
    if (tokens < m_context)
        throw UsageError("a KV cache of " + std::to_string(tokens) + " tokens", folder.string(),
            "at least the context, " + std::to_string(m_context));
    m_cache = std::make_unique<KvCache>(
        *m_backend, config(), (tokens + kPageTokens - 1) / kPageTokens, options.kvCache);
}

std::string OpenedModel::render(const Json& chat) const
{
    return m_chat.prompt(chat, true);
}

std::vector<int32_t> OpenedModel::encode(const Json& chat) const
{
    return m_tokenizer->encodeRendered(render(chat));
}

} // namespace moe::infer
