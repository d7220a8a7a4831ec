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
/// Copies share the socket; the last one to go closes it, after what was already written has been
/// sent (at most 5 s, given an event loop in the socket's thread). What the peer sent and nobody read does not change
/// that, nor (on Linux) what it still sends, up to 64 MiB. Without an event loop, what the system does not take at once
/// is lost, and more may be if the peer goes on sending. A handle may be copied, moved to another thread and destroyed
/// in any thread. If the last one goes in another thread than the socket's, and that has no event loop, unsent bytes
/// wait until it next uses a connection or ends.
///
/// In TLS modes the peer hears a close_notify before the end. There is one exception: of a connection that is let go in
/// another thread, while its own one has no event loop and nothing is unsent, the peer sees the end at once, but no
/// close_notify.
///
/// **The socket's thread.** A parked socket belongs to no thread. The first call of socket() brings it
/// into the calling thread, so call it where you are going to use it; from then on QSslSocket's own
/// rules hold. Until then the handle can travel freely, and again when that thread has ended.
class TIDEPOOL_EXPORT Connection
{
public:
    /// A handle without a connection.
    Connection() = default;
    /// For the library's own use.
    explicit Connection(std::shared_ptr<Lease> lease) : m_lease(std::move(lease)) {}

    /// True if it holds a connection that was neither released nor closed.
    [[nodiscard]] bool isValid() const;
    explicit operator bool() const { return isValid(); }

    /// The id that both ends know. The null id for an empty handle.
    [[nodiscard]] ConnectionId id() const;

    /// The socket, connected, in TLS modes encrypted; nullptr for an empty handle. It stays the handle's, so give it no
    /// parent; if it is deleted all the same, in its thread, the handle is empty.
    /// In TlsMode::None it is unencrypted. Bytes that came early, the first 64 KiB of them, are already readable, and
    /// the rest follows: read first, then wait for readyRead().
    [[nodiscard]] QSslSocket *socket() const;

    /// Hands the socket to the caller, brought into the calling thread if it was in none. All copies of the handle
    /// become empty. Call it in the socket's thread.
    [[nodiscard]] std::unique_ptr<QSslSocket> takeSocket();

    /// Closes the connection now, as the last handle would.
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
