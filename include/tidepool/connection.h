// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QMetaType>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

class Lease;
class Relay;

/// A taken connection: a handle that owns the socket.
///
/// Copies share the socket. When the last copy is destroyed, the connection closes. Data that was already written is
/// sent first, for at most 5 s, if the socket's thread has an event loop. Data from the peer that nobody read does not
/// prevent this. On Linux, data that the peer still sends, up to 64 MiB, does not prevent this either. Without an event
/// loop, data that the system does not accept at once is lost, and more data can be lost if the peer continues to send.
/// A handle can be copied, moved to another thread and destroyed in any thread. If the last handle is destroyed in a
/// thread other than the socket's thread, and the socket's thread has no event loop, unsent bytes wait until the
/// socket's thread next uses a connection or ends.
///
/// In TLS modes, the peer receives a close_notify before the end of the stream. There is one exception: the connection
/// is closed from another thread, the socket's thread has no event loop, and no data is unsent. The peer then sees the
/// end of the stream at once, without a close_notify.
///
/// **The socket's thread.** A parked socket belongs to no thread. The first call of socket() moves the socket to the
/// calling thread, so call socket() in the thread in which you use the socket. From then on, the rules of QSslSocket
/// apply. Before that call, you can move the handle freely between threads. The same is true after the socket's thread
/// has ended.
class TIDEPOOL_EXPORT Connection
{
public:
    /// A handle without a connection.
    Connection() = default;
    /// For the library's own use.
    explicit Connection(std::shared_ptr<Lease> lease) : m_lease(std::move(lease)) {}

    /// True if the handle holds a connection that was neither released nor closed.
    [[nodiscard]] bool isValid() const;
    explicit operator bool() const { return isValid(); }

    /// The id that both ends know. The null id for an empty handle.
    [[nodiscard]] ConnectionId id() const;

    /// The connected socket, encrypted in TLS modes, or nullptr for an empty handle. The handle keeps the ownership, so
    /// do not give the socket a parent. If the socket is deleted in its thread nevertheless, the handle becomes empty.
    /// In TlsMode::None the socket is unencrypted. The first 64 KiB of the bytes that arrived early are already
    /// readable, and the rest follows. Read first, then wait for readyRead().
    [[nodiscard]] QSslSocket *socket() const;

    /// Transfers the socket to the caller. If the socket is in no thread, this moves it to the calling thread. All
    /// copies of the handle become empty. Call this in the socket's thread.
    [[nodiscard]] std::unique_ptr<QSslSocket> takeSocket();

    /// Closes the connection now, in the same way as the destruction of the last handle.
    void close();

private:
    friend class Pool;
    friend class Relay;
    friend class Lease;
    [[nodiscard]] Connection transfer() const;

    std::shared_ptr<Lease> m_lease;
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::Connection)
