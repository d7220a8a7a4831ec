// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QThread>

#include <memory>
#include <mutex>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

class Orphans;
class PoolCore;

/// What the handles of one taken connection share: the socket, until it is released, closed or given back.
///
/// Thread-safe. The socket is in no thread until somebody asks for it.
class Lease
{
public:
    Lease(std::weak_ptr<PoolCore> core, quint64 token, ConnectionId id, QSslSocket *socket);
    ~Lease();
    Q_DISABLE_COPY_MOVE(Lease)

    [[nodiscard]] bool isValid() const;
    [[nodiscard]] ConnectionId id() const { return m_id; }
    /// Brings the socket into the calling thread if it is in none.
    [[nodiscard]] QSslSocket *socket();
    [[nodiscard]] std::unique_ptr<QSslSocket> release();
    /// Puts the socket into @p thread if it is in none.
    void moveTo(QThread *thread);
    void close();

    /// The contents as a new lease; this one becomes empty. nullptr if it was.
    [[nodiscard]] std::shared_ptr<Lease> transfer();
    /// Takes the socket back without telling the pool: it knows.
    [[nodiscard]] QSslSocket *reclaim();
    [[nodiscard]] bool isInNoThread() const;
    /// True if the socket is in another thread, and that one has no event loop in which to reach it.
    [[nodiscard]] bool isOutOfReach(const QSslSocket &socket) const;
    [[nodiscard]] std::weak_ptr<PoolCore> core() const { return m_core; }
    [[nodiscard]] quint64 token() const { return m_token; }

private:
    void pull();
    QSslSocket *detach();
    void tellPool();

    mutable std::mutex m_mutex;
    std::weak_ptr<PoolCore> m_core;
    quint64 m_token;
    ConnectionId m_id;
    QSslSocket *m_socket;
    bool m_isInNoThread = true;
    std::shared_ptr<Orphans> m_orphans; // of the socket's thread, if that has no event loop
};

/// Closes a socket: at once if nothing is unsent, else when it is sent, at most 5 s later. Any thread.
void closeGently(QSslSocket *socket);

} // namespace Tidepool
