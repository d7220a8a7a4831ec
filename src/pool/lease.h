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

/// What the handles of one taken connection share: the socket, until it is released, closed or given back.
///
/// Thread-safe. The socket is in no thread until somebody asks for it.
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
    /// Brings the socket into the calling thread if it is in none.
    [[nodiscard]] QSslSocket *socket();
    [[nodiscard]] std::unique_ptr<QSslSocket> takeSocket();
    /// In whose thread the socket goes; nullptr, or one that has gone, for the thread of whoever first asks for it. To
    /// be set before anybody else knows the lease.
    void setContext(std::shared_ptr<TakeContext> context);
    /// Puts the socket into its context's thread, if it has one and is in no thread.
    void deliver();
    void close();

    /// The contents as a new lease; this one becomes empty. nullptr if it was.
    [[nodiscard]] std::shared_ptr<Lease> transfer();
    /// Takes the socket back without telling the pool: it knows.
    [[nodiscard]] QSslSocket *reclaim();
    [[nodiscard]] bool isInNoThread() const;
    /// True if the socket is in another thread, and that one has no event loop in which to reach it.
    [[nodiscard]] bool isOutOfReach() const;
    /// Runs @p task later in the socket's thread, outside the socket's signals. False if that thread has ended.
    [[nodiscard]] bool post(std::function<void()> task);
    /// The calling thread ends, or has no more to do with it: if the socket is there, it belongs to no thread again.
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

    const quint64 m_forks; // forkCount() of the process that it belongs to
    const std::weak_ptr<PoolCore> m_core;
    const quint64 m_token;
    const ConnectionId m_id;
    const Expected m_expected;
    mutable Mutex m_mutex;
    QPointer<QSslSocket> m_socket TIDEPOOL_GUARDED_BY(m_mutex); // the user may have deleted it
    bool m_isHeld TIDEPOOL_GUARDED_BY(m_mutex); // it is this one's, deleted or not
    std::shared_ptr<TakeContext> m_context TIDEPOOL_GUARDED_BY(m_mutex);
    bool m_isInNoThread TIDEPOOL_GUARDED_BY(m_mutex) = true;
    std::shared_ptr<ThreadTasks> m_threadTasks TIDEPOOL_GUARDED_BY(m_mutex); // of its thread
};

} // namespace Tidepool
