// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

#include <QtNetwork/QSslSocket>

#include <memory>
#include <vector>

namespace Bench {

/// Where takers take from. take() is what is measured.
class Source
{
public:
    virtual ~Source() = default;
    Source() = default;
    Q_DISABLE_COPY_MOVE(Source)

    /// Brings one connection into the calling thread, validated.
    virtual void take(size_t thread) = 0;
    /// Returns all that the thread has taken.
    virtual void giveBack(size_t thread) = 0;
};

/// A pool.
class PoolSource final : public Source
{
public:
    enum class Way : quint8 { Take, TakeById, TryTake };

    /// @p ids: the parked ones; each thread takes its share of them in turn.
    PoolSource(Tidepool::Pool &pool, Way way, const std::vector<Tidepool::ConnectionId> &ids, size_t threads);
    void take(size_t thread) override;
    void giveBack(size_t thread) override;

private:
    struct Share
    {
        std::vector<Tidepool::ConnectionId> ids;
        size_t next = 0;
        std::vector<Tidepool::Connection> taken;
    };
    [[nodiscard]] Tidepool::Connection takeOne(Share &share);

    Tidepool::Pool &m_pool;
    Way m_way;
    std::vector<Share> m_shares;
};

/// Sockets in no thread and no pool: the least that a take can cost.
class BareSource final : public Source
{
public:
    /// Uses the first @p count of the sockets, in turn.
    BareSource(const std::vector<std::unique_ptr<QSslSocket>> &sockets, size_t count, size_t threads);
    void take(size_t thread) override;
    void giveBack(size_t thread) override;

private:
    struct Share
    {
        std::vector<QSslSocket *> sockets;
        size_t next = 0;
        std::vector<QSslSocket *> taken;
    };
    std::vector<Share> m_shares;
};

struct TakeRun
{
    size_t threads = 1;
    int batches = 1; ///< Of each thread; between them its event loop turns and all are given back.
    int batchSize = 1;
};

/// The duration of each take in microseconds. The calling thread's event loop runs meanwhile.
[[nodiscard]] std::vector<double> timeTakes(Source &source, const TakeRun &run);

} // namespace Bench
