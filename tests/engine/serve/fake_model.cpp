// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/serve/fake_model.h"

#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::tests {

using infer::FinishReason;

namespace {

std::vector<int32_t> bytesOf(std::string_view text)
{
    if (text.find("REFUSE") != std::string_view::npos)
        throw Error("the template refuses", "chat_template line 1", "say it otherwise");
    if (text.find("UNKNOWN") != std::string_view::npos)
        return {999};
    std::vector<int32_t> ids;
    for (const char c : text)
        ids.push_back(static_cast<uint8_t>(c));
    return ids;
}

} // namespace

FakeModel::FakeModel(int64_t parallel)
    : m_parallel(parallel)
    , m_thread([this] { loop(); })
{
}

FakeModel::~FakeModel()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ends = true;
    }
    m_thread.join();
}

size_t FakeModel::running() const
{
    const std::lock_guard lock(m_mutex);
    return m_requests.size();
}

serve::ServedModel FakeModel::served()
{
    serve::ServedModel model;
    model.name = "fake";
    model.created = 1;
    model.context = 4096;
    model.parallel = m_parallel;
    model.encodePrompt = [this](std::string_view text) {
        return encode(text);
    };
    model.encodeChat = [this](const base::Json& chat) {
        std::string text;
        for (const auto& message : chat["messages"])
            text += message["role"].get<std::string>() + ":" + message["content"].get<std::string>()
                + "\n";
        return encode(text);
    };
    model.tokenBytes = [this](int32_t id) {
        ++written;
        while (writingHeld)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return std::string(1, static_cast<char>(id));
    };
    model.submit = [this](infer::GenerationRequest request, auto onPiece, auto onEnd) {
        if (!request.prompt.empty() && request.prompt[0] == 999)
            throw UsageError("no such token", "prompt", "ids below 999");
        const std::lock_guard lock(m_mutex);
        Running& running = m_requests[m_nextId];
        running.result.promptTokens = static_cast<int64_t>(request.prompt.size());
        running.request = std::move(request);
        running.onPiece = std::move(onPiece);
        running.onEnd = std::move(onEnd);
        return m_nextId++;
    };
    model.cancel = [this](uint64_t id) {
        const std::lock_guard lock(m_mutex);
        m_toCancel.insert(id);
    };
    model.pages = []() -> serve::ServedModel::Pages {
        return {16, 4, 2};
    };
    return model;
}

std::vector<int32_t> FakeModel::encode(std::string_view text)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(encodeMilliseconds));
    ++encoded;
    return bytesOf(text);
}

void FakeModel::step(uint64_t id, Running& running, bool stop)
{
    infer::GenerationResult& result = running.result;
    const size_t index = result.ids.size();
    const bool full = static_cast<int64_t>(index) == running.request.maxTokens;
    if (stop || fails || full) {
        result.finish = stop ? FinishReason::Cancelled
            : fails          ? FinishReason::Failed
                             : FinishReason::Length;
        if (fails)
            result.error = Error("the model fails", "step", "fake");
        cancelled += stop;
        running.onEnd(result);
        ++ended;
        const std::lock_guard lock(m_mutex);
        m_requests.erase(id);
        return;
    }
    infer::GeneratedPiece piece;
    piece.ids = {static_cast<int32_t>('a' + index % 26)};
    piece.text = std::to_string(running.request.seed.value_or(0)) + "."
        + std::to_string(running.request.prompt.size()) + "." + std::to_string(index)
        + std::string(static_cast<size_t>(tokenBytes), '-') + " ";
    if (running.request.topLogprobs >= 0) {
        piece.logprobs = {{piece.ids[0], -0.5}};
        piece.top.emplace_back();
        for (int32_t i = 0; i < running.request.topLogprobs; ++i)
            piece.top[0].push_back({'A' + i, -0.5 - i});
    }
    result.ids.push_back(piece.ids[0]);
    result.text += piece.text;
    running.onPiece(piece);
}

void FakeModel::loop()
{
    for (;;) {
        std::vector<std::pair<uint64_t, Running*>> now;
        std::set<uint64_t> toCancel;
        {
            const std::lock_guard lock(m_mutex);
            if (m_ends && m_requests.empty())
                return;
            toCancel.swap(m_toCancel);
            int64_t places = held ? 0 : m_parallel;
            for (auto& [id, running] : m_requests) {
                const bool stop = m_ends || toCancel.contains(id);
                if (stop || places-- > 0)
                    now.emplace_back(id, &running);
                if (stop)
                    toCancel.insert(id);
            }
        }
        for (const auto& [id, running] : now)
            step(id, *running, toCancel.contains(id));
        ++steps;
        std::this_thread::sleep_for(std::chrono::milliseconds(stepMilliseconds));
    }
}

} // namespace moe::tests
