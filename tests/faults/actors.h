// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/poolhelpers.h"

#include <sys/socket.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <vector>

/// Who does everything at once to a pair of pools.
namespace Stress {

using namespace Tidepool;
using namespace std::chrono_literals;

/// Ids that other threads may ask for.
class Blackboard
{
public:
    void write(ConnectionId id)
    {
        const std::lock_guard lock(m_mutex);
        m_ids.push_back(id);
        if (m_ids.size() > 64)
            m_ids.pop_front();
    }
    ConnectionId any(std::minstd_rand &random)
    {
        const std::lock_guard lock(m_mutex);
        return m_ids.empty() ? ConnectionId(1) : m_ids[random() % m_ids.size()];
    }

private:
    std::mutex m_mutex;
    std::deque<ConnectionId> m_ids;
};

/// What the threads share.
struct Arena
{
    /// Runs @p use with the pools, which stay until it returns.
    template <typename Use>
    void withPools(Use use)
    {
        while (isReplacing)
            std::this_thread::yield(); // readers may overtake a writer that waits
        const std::shared_lock lock(poolsMutex);
        use();
    }

    Pool *client = nullptr;
    Pool *server = nullptr;
    std::shared_mutex poolsMutex; // of the pointers
    std::atomic<bool> isReplacing = false;
    Blackboard ids;
    std::atomic<bool> stop = false;
    std::atomic<int> conversations = 0;
    std::atomic<int> garbled = 0;
    std::atomic<int> wrongIds = 0;
    std::atomic<int> imbalances = 0;
};

/// One thread's doings.
class Actor
{
public:
    Actor(Arena &arena, unsigned seed) : m_arena(arena), m_random(seed) {}

    void run()
    {
        while (!m_arena.stop) {
            m_arena.withPools([this] { act(); });
            while (m_pending.size() > 20)
                settleOne();
            if (m_held.size() > 6)
                m_held.pop_front();
        }
        m_held.clear();
        while (!m_pending.empty()) {
            m_pending.front().cancel();
            m_pending.front().waitForFinished();
            m_pending.pop_front();
        }
    }

    /// Takes both ends of one connection and speaks through it.
    void converse()
    {
        const TakeResult near = m_arena.client->tryTake();
        if (!near)
            return;
        const TakeResult far = m_arena.server->take(near.connection().id(), 100ms).result();
        if (!far)
            return;
        const QByteArray words = QByteArray::number(m_random());
        QSslSocket *from = near.connection().socket();
        QSslSocket *to = far.connection().socket();
        from->write(words);
        from->flush();
        QByteArray heard;
        while (heard.size() < words.size() && (to->bytesAvailable() > 0 || to->waitForReadyRead(2'000)))
            heard += to->read(words.size() - heard.size());
        // The main thread's flush closes parked connections only, so a pair that was taken is whole.
        if (heard == words)
            ++m_arena.conversations;
        else if (!heard.isEmpty())
            ++m_arena.garbled;
    }

private:
    Pool &anyPool() { return *(m_random() % 2 == 0 ? m_arena.client : m_arena.server); }

    void act()
    {
        switch (m_random() % 10) {
        case 0:
        case 1:
            keep(anyPool().tryTake());
            break;
        case 2:
            keep(anyPool().take(200ms).result());
            break;
        case 3:
            takeNamed();
            break;
        case 4:
            m_pending.push_back(anyPool().take(50ms + std::chrono::milliseconds(m_random() % 200)));
            break;
        case 5:
            if (!m_pending.empty()) {
                m_pending.back().cancel();
                settleOne();
            }
            break;
        case 6:
            giveOneBack();
            break;
        case 7:
            kill();
            break;
        case 8:
            converse();
            break;
        case 9:
            anyPool().addError();
            m_arena.imbalances += TestSupport::imbalance(anyPool().status()).isEmpty() ? 0 : 1;
            static_cast<void>(anyPool().evictions());
            break;
        }
    }

    void keep(const TakeResult &taken)
    {
        if (!taken)
            return;
        m_arena.ids.write(taken.connection().id());
        m_held.push_back(taken.connection());
    }

    void takeNamed()
    {
        const ConnectionId id = m_arena.ids.any(m_random);
        const TakeResult taken = anyPool().take(id, 10ms).result();
        if (taken && taken.connection().id() != id)
            ++m_arena.wrongIds;
        keep(taken);
    }

    void giveOneBack()
    {
        Pool &pool = anyPool();
        const TakeResult taken = pool.tryTake();
        if (!taken)
            return;
        // Half of them were used before.
        if (m_random() % 2 == 0)
            static_cast<void>(taken.connection().socket()->bytesAvailable());
        pool.giveBack(taken.connection());
    }

    void kill()
    {
        const TakeResult taken = anyPool().tryTake();
        if (!taken)
            return;
        const int descriptor = static_cast<int>(taken.connection().socket()->socketDescriptor());
        if (m_random() % 2 == 0) {
            const linger now{1, 0};
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        } else {
            shutdown(descriptor, SHUT_RDWR);
        }
    }

    void settleOne()
    {
        if (m_pending.empty())
            return;
        QFuture<TakeResult> future = m_pending.front();
        m_pending.pop_front();
        future.waitForFinished();
        if (future.resultCount() > 0)
            keep(future.result());
    }

    Arena &m_arena;
    std::minstd_rand m_random;
    std::deque<QFuture<TakeResult>> m_pending;
    std::deque<Connection> m_held;
};

/// Eight actors, for as long as it lives.
class Cast
{
public:
    Cast(Arena &arena, unsigned seed) : m_arena(arena)
    {
        for (unsigned i = 0; i < 8; ++i)
            m_threads.emplace_back([&arena, actorSeed = seed + i] { Actor(arena, actorSeed).run(); });
    }
    ~Cast() { join(); }
    Q_DISABLE_COPY_MOVE(Cast)

    void join()
    {
        m_arena.stop = true;
        for (std::thread &thread : m_threads)
            thread.join();
        m_threads.clear();
    }

private:
    Arena &m_arena;
    std::vector<std::thread> m_threads;
};

} // namespace Stress
