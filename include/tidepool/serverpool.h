// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

#include <QtCore/QStringList>
#include <QtNetwork/QHostAddress>

namespace Tidepool {

class ServerPoolPrivate;

/// Accepts connections, gives each an id, and parks them, ready to be taken.
///
/// See Pool for threads.
class TIDEPOOL_EXPORT ServerPool : public Tidepool::Pool
{
    Q_OBJECT
    Q_PROPERTY(QStringList allowedClients READ allowedClients WRITE setAllowedClients NOTIFY settingsChanged)
    Q_PROPERTY(int maximumCapacity READ maximumCapacity WRITE setMaximumCapacity NOTIFY settingsChanged)
    Q_PROPERTY(int maximumHandshakes READ maximumHandshakes WRITE setMaximumHandshakes NOTIFY settingsChanged)
    Q_PROPERTY(bool reservesControlId READ reservesControlId WRITE setReservesControlId NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Overflow overflow READ overflow WRITE setOverflow NOTIFY settingsChanged)

public:
    explicit ServerPool(QObject *parent = nullptr);
    ~ServerPool() override;

    /// Addresses and CIDR networks ("192.0.2.7", "10.0.0.0/8", "2001:db8::/32"); others are refused before
    /// TLS. An IPv4-mapped IPv6 address counts as the IPv4 address. Empty (default): everyone.
    /// A new list applies at once: parked connections of others are evicted (EvictionCause::NotAllowed), their
    /// handshakes end. Taken ones stay.
    [[nodiscard]] QStringList allowedClients() const;
    /// Returns false, changes nothing and logs the entry if one cannot be read.
    bool setAllowedClients(const QStringList &clients);
    /// Parked connections at most. Default: 65,536 (the Go package's). Range: 1 and up. Lowering it
    /// evicts the surplus, oldest first.
    [[nodiscard]] int maximumCapacity() const;
    void setMaximumCapacity(int connections);
    /// TLS handshakes under way at once. Default: 64. Range: 1 and up. Clients that have not sent a byte yet count
    /// apart: there may be four times as many, and then the oldest makes room for a newcomer. While clients wait for a
    /// place, a handshake that takes longer than 1 s is ended, and counts as overflowed. A pool that is nearly full
    /// begins fewer at once, but never less than a quarter of this number.
    [[nodiscard]] int maximumHandshakes() const;
    void setMaximumHandshakes(int handshakes);
    /// As the newest Go pool servers do: the first connection after each start of this pool gets the id 00000000, and
    /// so does the first after each flush() of this pool, unless one with that id is still there, taken perhaps. If it
    /// ends or the client flushes, no other gets the id before the next flush or start here. It is the application's
    /// control connection: only take(ConnectionId(0)) returns it, it has no lifetime, and it counts as
    /// PoolStatus::control and not as active. Off (default): no connection ever gets that id. A ClientPool treats a
    /// connection with that id the same way in any case. In force for connections accepted from then on.
    [[nodiscard]] bool reservesControlId() const;
    void setReservesControlId(bool reserves);
    /// What a full pool does with a client that connects. Default: Refuse. A pool is full when its parked connections
    /// and those about to be parked are as many as maximumCapacity and the waiting takes together. A refused client is
    /// closed before it is told an id, and counted as overflowed. It is not left in the system's backlog, and so learns
    /// at once that it has to try later.
    [[nodiscard]] Overflow overflow() const;
    void setOverflow(Overflow overflow);

    /// Listens and starts. Port 0: any free port, see serverPort(). False on failure, with the reason in lastError().
    bool listen(const QHostAddress &address = QHostAddress::Any, quint16 port = 0);
    /// The same on a TCP socket that is already listening (from a service manager, say). On success the pool owns @p
    /// descriptor.
    bool adopt(qintptr descriptor);
    /// Listens again where it last listened; on any address and port the first time.
    void start() override;

    [[nodiscard]] bool isListening() const;
    /// Where it listens; null and 0 if it does not.
    [[nodiscard]] QHostAddress serverAddress() const;
    [[nodiscard]] quint16 serverPort() const;
    /// The certificate it shows; null in TlsMode::None or before listen(). One that it made itself stays the same as
    /// long as the pool lives, so that a pin of it does, too.
    [[nodiscard]] QSslCertificate certificate() const;

private:
    ServerPoolPrivate *dd() const;
};

} // namespace Tidepool
