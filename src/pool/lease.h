// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/gracefulclose.h"
#include "../io/mutex.h"
#include "../io/threadtasks.h"

#include <tidepool/connectionid.h>

#include <QtCore/QPointer>
#include <QtNetwork/QSslSocket>

#include <functional>
#include <memory>

namespace Tidepool {

class Connection;
class PoolCore;
class TakeContext;

/// The state that all handles of one taken connection share: the socket, until it is released, closed or given back.
///
/// Thread-safe. The socket is in no thread until the first call of socket().
class Lease final : public ThreadResident, public std::enable_shared_from_this<Lease>
{
public:
    /// What may be in the kernel for the socket when it is first asked for: bytes of a plain connection, or the end of
    /// TLS.
    struct Expected
    {
        bool bytes = false;
        bool end = false;
    };

    Lease(std::weak_ptr<PoolCore> core, quint64 token, ConnectionId id, QSslSocket *socket, Expected expected);
    ~Lease() override;
    Q_DISABLE_COPY_MOVE(Lease)

    /// nullptr for an empty handle.
    [[nodiscard]] static std::shared_ptr<Lease> of(const Connection &connection);
    [[nodiscard]] bool isValid() const;
    [[nodiscard]] ConnectionId id() const { return m_id; }
    /// Moves the socket to the calling thread if it is in no thread.
    [[nodiscard]] QSslSocket *socket();
    [[nodiscard]] std::unique_ptr<QSslSocket> takeSocket();
    /// Sets the context in whose thread the socket will live. With nullptr, or if the context has been destroyed, the
    /// socket moves to the first thread that asks for it. Call this before any other object knows the lease.
    void setContext(std::shared_ptr<TakeContext> context);
    /// Moves the socket to the thread of its context, if there is a context and the socket is in no thread.
    void deliver();
    void close();

    /// Moves the contents to a new lease. This lease becomes empty. Returns nullptr if it was already empty.
    [[nodiscard]] std::shared_ptr<Lease> transfer();
    /// Takes the socket back without notifying the pool, because the pool is the caller.
    [[nodiscard]] QSslSocket *reclaim();
    [[nodiscard]] bool isInNoThread() const;
    /// True if the socket is in another thread, and that thread has no event loop that could run a task.
    [[nodiscard]] bool isOutOfReach() const;
    /// Runs @p task later in the socket's thread, outside the socket's signals. Returns false if that thread has ended.
    [[nodiscard]] bool post(std::function<void()> task);
    /// Called when the calling thread ends or no longer needs the socket. If the socket is in the calling thread, moves
    /// the socket to no thread.
    void leaveThread() override;
    [[nodiscard]] std::weak_ptr<PoolCore> core() const { return m_core; }
    [[nodiscard]] quint64 token() const { return m_token; }

private:
    [[nodiscard]] bool pull() TIDEPOOL_REQUIRES(m_mutex);
    [[nodiscard]] bool pushToContext() TIDEPOOL_REQUIRES(m_mutex);
    void bringHere() TIDEPOOL_REQUIRES(m_mutex);
    void settle() TIDEPOOL_REQUIRES(m_mutex);
    QSslSocket *detach() TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] bool forgetDeleted() TIDEPOOL_REQUIRES(m_mutex);
    void tellPool() TIDEPOOL_EXCLUDES(m_mutex);

    const quint64 m_forks; // the forkCount() of the process that owns the lease
    const std::weak_ptr<PoolCore> m_core;
    const quint64 m_token;
    const ConnectionId m_id;
    const Expected m_expected;
    mutable Mutex m_mutex;
    QPointer<QSslSocket> m_socket TIDEPOOL_GUARDED_BY(m_mutex); // null if the user has deleted the socket
    bool m_isHeld
        TIDEPOOL_GUARDED_BY(m_mutex); // true while this lease owns the socket, even if the user has deleted the socket
    std::shared_ptr<TakeContext> m_context TIDEPOOL_GUARDED_BY(m_mutex);
    bool m_isInNoThread TIDEPOOL_GUARDED_BY(m_mutex) = true;
    std::shared_ptr<ThreadTasks> m_threadTasks TIDEPOOL_GUARDED_BY(m_mutex); // the tasks of the socket's thread
};

} // namespace Tidepool
