// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Ranks as threads of one process. A rank's memory belongs to its backend and may not be host
// memory, so everything passes through host buffers that the ranks share: each downloads, all meet,
// each sums its own piece over the ranks in rank order, all meet, each uploads. Long data goes in
// rounds of kStageBytes a rank. Buffers alternate from round to round: one meeting later nobody
// reads the older one any more.
#include "engine/parallel/communicator.h"
#include "engine/parallel/meeting.h"
#include "kernels/error.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <system_error>
#include <thread>

namespace moe::parallel {

namespace {

using kernels::Backend;
using kernels::DType;
using kernels::TensorView;

constexpr int64_t kStageBytes = INT64_C(1) << 20;
constexpr int kMostRanks = 1024;

/// What a rank is about to do; all must do the same.
struct Call {
    enum class Kind : uint8_t { AllReduce, ReduceScatter, AllGather, Broadcast, Barrier };
    Kind kind = Kind::Barrier;
    int64_t elements = 0;
    DType dtype = DType::Float32;
    int root = 0;
    bool operator==(const Call&) const = default;
};

/// What the ranks share.
class Exchange {
public:
    explicit Exchange(int size)
        : meeting(size)
        , calls(static_cast<size_t>(2 * size))
        , m_size(size)
        , m_pieceBytes(kStageBytes / size / 8 * 8)
        , m_stages(std::make_unique_for_overwrite<std::byte[]>(
              static_cast<size_t>(int64_t{2} * size * size * m_pieceBytes)))
        , m_sums(std::make_unique_for_overwrite<std::byte[]>(
              static_cast<size_t>(int64_t{2} * size * m_pieceBytes)))
    {
    }

    int size() const { return m_size; }
    int64_t pieceBytes() const { return m_pieceBytes; }
    /// What `rank` staged of `piece` in rounds of this parity.
    std::byte* stage(uint64_t round, int rank, int piece)
    {
        return m_stages.get()
            + ((static_cast<int64_t>(round % 2) * m_size + rank) * m_size + piece) * m_pieceBytes;
    }
    std::byte* sum(uint64_t round, int piece)
    {
        return m_sums.get() + (static_cast<int64_t>(round % 2) * m_size + piece) * m_pieceBytes;
    }

    Meeting meeting;
    std::vector<Call> calls; ///< [2, size], by parity of the call

private:
    int m_size;
    int64_t m_pieceBytes;
    std::unique_ptr<std::byte[]> m_stages, m_sums;
};

template <typename T>
void sumInRankOrder(Exchange& exchange, uint64_t round, int piece, int64_t count)
{
    T* to = reinterpret_cast<T*>(exchange.sum(round, piece));
    std::memcpy(to, exchange.stage(round, 0, piece), static_cast<size_t>(count) * sizeof(T));
    for (int rank = 1; rank < exchange.size(); ++rank) {
        const T* from = reinterpret_cast<const T*>(exchange.stage(round, rank, piece));
        for (int64_t i = 0; i < count; ++i)
            to[i] += from[i];
    }
}

class LocalRank final : public Communicator {
public:
    LocalRank(Exchange& exchange, Backend& backend, int rank)
        : m_exchange(exchange)
        , m_backend(backend)
        , m_rank(rank)
    {
    }

    int rank() const override { return m_rank; }
    int size() const override { return m_exchange.size(); }

    void allReduceSum(const TensorView& data) override
    {
        refuseUnsummable(data);
        agree({Call::Kind::AllReduce, data.elements(), data.dtype, 0});
        forEachRound(data, [&](int64_t done) {
            sumOwnPiece(data, done);
            meet();
            for (int piece = 0; piece < size(); ++piece)
                upload(part(data, piece, done), m_exchange.sum(m_round, piece));
        });
    }

    void reduceScatterSum(const TensorView& data) override
    {
        refuseUnsummable(data);
        agree({Call::Kind::ReduceScatter, data.elements(), data.dtype, 0});
        forEachRound(data, [&](int64_t done) {
            sumOwnPiece(data, done);
            upload(part(data, m_rank, done), m_exchange.sum(m_round, m_rank));
        });
    }

    void allGather(const TensorView& data) override
    {
        agree({Call::Kind::AllGather, data.elements(), data.dtype, 0});
        forEachRound(data, [&](int64_t done) {
            download(m_exchange.sum(m_round, m_rank), part(data, m_rank, done));
            meet();
            for (int piece = 0; piece < size(); ++piece) {
                if (piece != m_rank)
                    upload(part(data, piece, done), m_exchange.sum(m_round, piece));
            }
        });
    }

    void broadcast(const TensorView& data, int root) override
    {
        if (root < 0 || root >= size())
            throw Error("no such rank", "broadcast from " + std::to_string(root),
                "0 to " + std::to_string(size() - 1));
        agree({Call::Kind::Broadcast, data.elements(), data.dtype, root});
        forEachRound(data, [&](int64_t done) {
            for (int piece = 0; piece < size() && m_rank == root; ++piece)
                download(m_exchange.sum(m_round, piece), part(data, piece, done));
            meet();
            for (int piece = 0; piece < size() && m_rank != root; ++piece)
                upload(part(data, piece, done), m_exchange.sum(m_round, piece));
        });
    }

    void barrier() override { agree({}); }
    void abort() noexcept override { m_exchange.meeting.abort(); }

private:
    void meet() { m_exchange.meeting.wait(m_rank); }

    /// Meets, and throws on every rank unless all came with the same call.
    void agree(const Call& call)
    {
        // A rank that was stopped must not overwrite what slower ones still compare.
        m_exchange.meeting.throwIfAborted(m_rank);
        Call* calls = m_exchange.calls.data() + (m_call++ % 2) * static_cast<uint64_t>(size());
        calls[m_rank] = call;
        meet();
        for (int rank = 0; rank < size(); ++rank) {
            if (calls[rank] != call)
                throw Error("ranks disagree about a collective call",
                    "ranks " + std::to_string(m_rank) + " and " + std::to_string(rank),
                    "this is an error of the program, please report it");
        }
    }

    static void refuseUnsummable(const TensorView& data)
    {
        if (data.dtype != DType::Float32 && data.dtype != DType::Float64
            && data.dtype != DType::Int64)
            throw Error(std::string("sums over ranks in ") + kernels::nameOf(data.dtype),
                data.shape.text(), "float32, float64 or int64");
    }

    /// Calls body(done) with how many elements of every piece earlier rounds have handled.
    template <typename Body> void forEachRound(const TensorView& data, const Body& body)
    {
        const int64_t step = stepOf(data);
        const int64_t longest = pieceOf(data.elements(), 0, size()).count;
        for (int64_t done = 0; done < longest; done += step, ++m_round)
            body(done);
    }

    int64_t stepOf(const TensorView& data) const
    {
        return m_exchange.pieceBytes() / kernels::bytesOf(data.dtype);
    }

    /// This round's part of a piece; empty when the piece has been handled.
    TensorView part(const TensorView& data, int piece, int64_t done) const
    {
        const Piece whole = pieceOf(data.elements(), piece, size());
        const int64_t count = std::clamp<int64_t>(whole.count - done, 0, stepOf(data));
        return data.at(std::min(whole.first + done, data.elements()), {count});
    }

    void download(std::byte* to, const TensorView& from)
    {
        if (from.elements() > 0)
            m_backend.download(to, from);
    }

    void upload(const TensorView& to, const std::byte* from)
    {
        if (to.elements() > 0)
            m_backend.upload(to, from);
    }

    void sumOwnPiece(const TensorView& data, int64_t done)
    {
        for (int piece = 0; piece < size(); ++piece)
            download(m_exchange.stage(m_round, m_rank, piece), part(data, piece, done));
        meet();
        const int64_t count = part(data, m_rank, done).elements();
        if (data.dtype == DType::Float32)
            sumInRankOrder<float>(m_exchange, m_round, m_rank, count);
        else if (data.dtype == DType::Float64)
            sumInRankOrder<double>(m_exchange, m_round, m_rank, count);
        else
            sumInRankOrder<int64_t>(m_exchange, m_round, m_rank, count);
    }

    Exchange& m_exchange;
    Backend& m_backend;
    int m_rank;
    uint64_t m_call = 0, m_round = 0;
};

/// Keeps the first exception of any rank: the others' only say that they were stopped.
class FirstError {
public:
    void keep(std::exception_ptr error)
    {
        const std::lock_guard lock(m_mutex);
        if (!m_error)
            m_error = std::move(error);
    }
    void rethrow() const
    {
        if (m_error)
            std::rethrow_exception(m_error);
    }

private:
    std::mutex m_mutex;
    std::exception_ptr m_error;
};

} // namespace

void runLocalRanks(int ranks, const std::function<Backend&(int rank)>& backendOf,
    const std::function<void(Communicator&)>& body)
{
    if (ranks < 1 || ranks > kMostRanks)
        throw Error("no such number of ranks", std::to_string(ranks),
            "1 to " + std::to_string(kMostRanks) + " in one process");
    if (ranks == 1)
        return body(*makeSingleRank());

    Exchange exchange(ranks);
    std::vector<LocalRank> communicators;
    communicators.reserve(static_cast<size_t>(ranks));
    for (int rank = 0; rank < ranks; ++rank)
        communicators.emplace_back(exchange, backendOf(rank), rank);

    FirstError firstError;
    const auto runRank = [&](int rank) {
        try {
            body(communicators[static_cast<size_t>(rank)]);
        } catch (...) {
            firstError.keep(std::current_exception());
            exchange.meeting.abort();
        }
    };
    {
        std::vector<std::jthread> threads; // joined at the end of the block
        try {
            for (int rank = 1; rank < ranks; ++rank)
                threads.emplace_back(runRank, rank);
        } catch (const std::system_error&) {
            exchange.meeting.abort();
            throw Error("cannot start a thread for a rank", "data: " + std::to_string(ranks),
                "fewer ranks, or a higher limit of threads");
        }
        runRank(0);
    }
    firstError.rethrow();
}

} // namespace moe::parallel
