// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/qglobal.h>

#include <functional>
#include <memory>
#include <mutex>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

class Connection;
class Errands;
class PoolCore;
class TakeContext;

/// What the handles of one taken connection share: the socket, until it is released, closed or given back.
///
/// Thread-safe. The socket is in no thread until somebody asks for it.
class Lease : public std::enable_shared_from_this<Lease>
{
public:
    Lease(std::weak_ptr<PoolCore> core, quint64 token, ConnectionId id, QSslSocket *socket);
    ~Lease();
    Q_DISABLE_COPY_MOVE(Lease)

    /// nullptr for an empty handle.
    [[nodiscard]] static std::shared_ptr<Lease> of(const Connection &connection);
    [[nodiscard]] bool isValid() const;
    [[nodiscard]] ConnectionId id() const { return m_id; }
    /// Brings the socket into the calling thread if it is in none.
    [[nodiscard]] QSslSocket *socket();
    [[nodiscard]] std::unique_ptr<QSslSocket> release();
    /// In whose thread the socket goes; nullptr, or one that has gone, for the thread of whoever first asks for it. To
    /// be set before anybody else knows the lease.
    void setContext(std::shared_ptr<TakeContext> context) { m_context = std::move(context); }
    /// What may be in the kernel for the socket when it is first asked for: bytes of a plain connection, or the end of
    /// TLS. To be set as the context is.
    void expect(bool bytes, bool end)
    {
        m_isBytesExpected = bytes;
        m_isEndExpected = end;
    }
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
    /// The socket has been moved on by somebody who knows better.
    void forgetThread();
    /// The calling thread ends: if the socket is there, it belongs to no thread again.
    void leaveThread();
    [[nodiscard]] std::weak_ptr<PoolCore> core() const { return m_core; }
    [[nodiscard]] quint64 token() const { return m_token; }

private:
    [[nodiscard]] bool pull();
    [[nodiscard]] bool pushToContext();
    void bringHere();
    void settle();
    QSslSocket *detach();
    void tellPool();

    const quint64 m_forks; // forkCount() of the process that it belongs to
    mutable std::mutex m_mutex;
    std::weak_ptr<PoolCore> m_core;
    quint64 m_token;
    ConnectionId m_id;
    QSslSocket *m_socket;
    std::shared_ptr<TakeContext> m_context;
    bool m_isBytesExpected = false;
    bool m_isEndExpected = false;
    bool m_isInNoThread = true;
    std::shared_ptr<Errands> m_errands; // of its thread
};

/// Closes a socket: at once if nothing is unsent, else when it is sent, at most 5 s later. Any thread.
void closeGently(QSslSocket *socket);

} // namespace Tidepool
