// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/infer/opened_model.h"
#include "engine/infer/page_pool.h"
#include "engine/infer/sequence.h"
#include "engine/telemetry/bus.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace moe::infer {

/// Decides step by step which rows run, and runs them: continuous batching over the pages of one
/// KvCache. At most parallel() requests run, in the order in which they came; the others wait. When
/// the pages do not suffice, the request that began last gives its own back and is fed again later
/// (for the most part from pages that are still known). One thread.
class Scheduler {
public:
    Scheduler(OpenedModel& model, telemetry::Bus* bus);

    void add(std::unique_ptr<Sequence> sequence) { m_waiting.push_back(std::move(sequence)); }
    void cancel(RequestId id);
    void cancelAll();
    bool busy() const { return !m_running.empty() || !m_waiting.empty(); }
    /// One forward call for all that run. A model that fails ends those that took part.
    void step();
    Load load() const;

private:
    /// So many tokens of a running sequence in this step.
    struct Share {
        Sequence* sequence;
        int64_t tokens;
        bool toTheEnd; ///< a token is drawn then
    };
    void admit();
    std::map<const Sequence*, int64_t> chunks();
    std::vector<Share> shares();
    bool makeRoom(size_t running, int64_t tokens);
    std::vector<float> run(const std::vector<Share>& shares);
    std::optional<Error> attempt(const std::function<void()>& work) const;
    void draw(Sequence& sequence, std::span<float> logits);
    void noteRouting(const std::vector<Share>& shares, const std::vector<int64_t>& firstRows,
        int64_t firstLast, const RoutedBatch& routed) const;
    void publish(const std::vector<Share>& shares, const RoutedBatch& routed, double seconds) const;
    void end(Sequence& sequence, FinishReason reason, const std::optional<Error>& error = {});

    OpenedModel& m_model;
    telemetry::Bus* m_bus;
    PagePool m_pool;
    kernels::Tensor m_logits; ///< [parallel, vocab]
    std::vector<std::unique_ptr<Sequence>> m_running; ///< oldest first
    std::deque<std::unique_ptr<Sequence>> m_waiting;
    Load m_load; ///< the totals; load() fills in the rest
};

} // namespace moe::infer
