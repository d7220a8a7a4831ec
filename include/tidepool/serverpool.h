// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

#include <QtCore/QStringList>
#include <QtNetwork/QHostAddress>

namespace Tidepool {

class ServerPoolPrivate;

/// Accepts connections, gives each connection an id, and parks the connections until they are taken.
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

    /// Addresses and CIDR networks ("192.0.2.7", "10.0.0.0/8", "2001:db8::/32") of the clients that may connect. The
    /// pool refuses all other clients before the TLS handshake. An IPv4-mapped IPv6 address counts as the IPv4 address.
    /// Empty (default): every client may connect. A new list applies at once: parked connections of other clients are
    /// evicted (EvictionCause::NotAllowed), and the handshakes of other clients end. Taken connections stay open.
    [[nodiscard]] QStringList allowedClients() const;
    /// If an entry cannot be parsed, returns false, changes nothing and logs the entry.
    bool setAllowedClients(const QStringList &clients);
    /// The maximum number of parked connections. Default: 65,536 (the Go package's). Range: 1 and up. A lower value
    /// evicts the excess connections, oldest first.
    [[nodiscard]] int maximumCapacity() const;
    void setMaximumCapacity(int connections);
    /// The maximum number of TLS handshakes in progress at once. Default: 64. Range: 1 and up. Clients that have not
    /// sent a byte yet count separately: their maximum is four times this number, and then a new client replaces the
    /// oldest one. While clients wait for a handshake, the pool ends a handshake that takes longer than 1 s and counts
    /// it as overflowed. A pool that is nearly full starts fewer handshakes at once, but never less than a quarter of
    /// this number.
    [[nodiscard]] int maximumHandshakes() const;
    void setMaximumHandshakes(int handshakes);
    /// On: the first connection after each start of this pool gets the id 00000000, as with the newest Go pool servers.
    /// The first connection after each flush() of this pool also gets the id, unless a connection with the id still
    /// exists, parked or taken. If that connection ends or the client flushes, no other connection gets the id before
    /// the next flush or start of this pool. The connection is the application's control connection: only
    /// take(ConnectionId(0)) returns it, no lifetime applies to it, and it counts as PoolStatus::control and not as
    /// active. Off (default): no connection gets the id 00000000. A ClientPool treats a connection with that id in the
    /// same way in both cases. A change applies to connections that are accepted later.
    [[nodiscard]] bool reservesControlId() const;
    void setReservesControlId(bool reserves);
    /// What a full pool does with a client that connects. Default: Refuse. A pool is full when the number of its parked
    /// connections and of connections about to be parked reaches the sum of maximumCapacity and the waiting takes. The
    /// pool closes a refused client before it sends an id, and counts the client as overflowed. The client does not
    /// stay in the system's backlog and therefore learns at once that it must try again later.
    [[nodiscard]] Overflow overflow() const;
    void setOverflow(Overflow overflow);

    /// Listens and starts. Port 0: any free port, see serverPort(). On failure, returns false, and lastError() has the
    /// reason.
    bool listen(const QHostAddress &address = QHostAddress::Any, quint16 port = 0);
    /// Listens on and starts with a TCP socket that is already listening, for example from a service manager. On
    /// success the pool owns @p descriptor.
    bool adopt(qintptr descriptor);
    /// Listens again on the last address and port. The first time, listens on any address and any free port.
    void start() override;

    [[nodiscard]] bool isListening() const;
    /// The address on which the pool listens. If the pool does not listen, the address is null and serverPort() is 0.
    [[nodiscard]] QHostAddress serverAddress() const;
    [[nodiscard]] quint16 serverPort() const;
    /// The certificate that the pool sends. Null in TlsMode::None or before listen(). A certificate that the pool made
    /// itself stays the same for the lifetime of the pool, so that pins of it stay valid.
    [[nodiscard]] QSslCertificate certificate() const;

private:
    ServerPoolPrivate *dd() const;
};

} // namespace Tidepool
