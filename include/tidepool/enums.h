// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

/// The enumerations that all classes share.
namespace Tidepool {
Q_NAMESPACE_EXPORT(TIDEPOOL_EXPORT)
Q_CLASSINFO("RegisterEnumClassesUnscoped", "false")

/// How a connection is protected. The values are the Go package's mode codes "0", "1" and "2".
enum class TlsMode {
    None = 0, ///< Plain TCP.
    SelfSigned = 1, ///< TLS 1.3. Authenticates no peer unless TlsOptions::pins is set.
    Verified = 2, ///< TLS 1.3 with the certificate's chain and host name checked.
};
Q_ENUM_NS(TlsMode)

/// The oldest TLS protocol that an end speaks.
enum class TlsProtocol {
    Tls12, ///< TLS 1.2 and newer. Only for clients with Identity::Local.
    Tls13, ///< TLS 1.3 and newer.
};
Q_ENUM_NS(TlsProtocol)

/// How the server writes a connection's id on the wire.
enum class IdFormat {
    Hex8, ///< 8 ASCII bytes [0-9a-f] (Go package up to v1.0.x).
    Raw4, ///< 4 raw bytes (newer Go releases).
    /// A client detects the format: 8 digits [0-9a-f] are Hex8, all other bytes are Raw4. One Raw4 id in 65,536
    /// consists of 4 such digits. The client then waits half a second for more bytes. A ServerPool uses Hex8 instead.
    Auto,
};
Q_ENUM_NS(IdFormat)

/// Where a ClientPool's connections get their ids.
enum class Identity {
    FromServer, ///< The server sends the id: the peer is a ServerPool or the Go package.
    Local, ///< The pool generates the id and reads nothing: the peer is any server (nginx, Redis, ...).
};
Q_ENUM_NS(Identity)

/// What a pool is doing.
enum class PoolState {
    Stopped, ///< Not started yet.
    Warming, ///< Started, no connection is established yet.
    Ready, ///< A take is expected to succeed.
    Degraded, ///< No connection, and the last attempts failed; see Pool::lastError().
    Paused, ///< pause() was called: parked connections can be taken, no new ones are made.
    Draining, ///< drain() was called: no new takes or connections; taken ones may finish.
    Closed, ///< close() was called, or a drain ended.
};
Q_ENUM_NS(PoolState)

/// Which parked connection a take gets.
enum class TakeOrder {
    NewestFirst, ///< LIFO: uses the connection with the newest NAT state.
    OldestFirst, ///< FIFO: uses all connections evenly.
};
Q_ENUM_NS(TakeOrder)

/// How a ClientPool decides how many connections to keep, within its bounds.
enum class SizingPolicy {
    Predictive, ///< As many as the last takes needed at once. Fewer between regular bursts.
    Classic, ///< The Go package's rule: one more or one fewer at each round.
};
Q_ENUM_NS(SizingPolicy)

/// Why a ClientPool has its current capacity.
enum class SizingCause {
    Rule, ///< SizingPolicy::Classic, or a ServerPool: there is no other reason.
    Minimum, ///< The takes need no more than the minimum capacity.
    Takes, ///< The recent takes needed this number at once.
    Maximum, ///< The takes need more than the maximum capacity.
    BetweenBursts, ///< Bursts come regularly, and none is due yet.
    BurstDue, ///< The next burst is due.
    Announced, ///< ClientPool::expect() has announced this number.
};
Q_ENUM_NS(SizingCause)

/// When a ClientPool replaces a connection that was taken.
enum class Refill {
    AtTake, ///< At once.
    AtRound, ///< At the next round, as the Go package does.
};
Q_ENUM_NS(Refill)

/// What happens to a parked connection when the peer sends bytes on it.
enum class Unsolicited {
    Keep, ///< The connection stays, and the taker can read the bytes.
    Evict, ///< The connection is evicted: in this protocol the peer must not send first.
};
Q_ENUM_NS(Unsolicited)

/// What a full ServerPool does with a further connection.
enum class Overflow {
    Refuse, ///< Closes the new connection before it gets an id, and mostly before TLS.
    ReplaceOldest, ///< Closes the connection that is parked longest and parks the new connection.
};
Q_ENUM_NS(Overflow)

/// Why a parked connection left the pool without being taken.
enum class EvictionCause {
    PeerClosed, ///< The peer closed the connection.
    SocketError, ///< The socket or TLS failed, keepalive included, or a suspect did not answer: PoolStatus::suspects.
    Unsolicited, ///< The peer sent bytes and Unsolicited::Evict is set.
    Flushed, ///< flush(), or a setting of the endpoint changed.
    Surplus, ///< The capacity was lowered.
    Expired, ///< Lifetimes::maximumLifetime or maximumIdle has passed.
    Replaced, ///< A newer connection replaced it (Overflow::ReplaceOldest).
    PoolClosed, ///< close() or drain().
    ControlFlood, ///< The peer sent too many TLS records that carry no data: key updates, session tickets.
    NotAllowed, ///< ServerPool::allowedClients() has changed and does not allow the client any more.
    Requested, ///< Pool::evict() was called for the connection.
};
Q_ENUM_NS(EvictionCause)

/// Where in a connection's life an error happened.
enum class Phase {
    Wait, ///< Waiting in take().
    Resolve, ///< Looking up the host name.
    Dial, ///< Connecting TCP, proxy included.
    Handshake, ///< TLS.
    Identify, ///< Sending or reading the id.
    Validate, ///< Checking a parked or returned connection.
    Accept, ///< Listening and accepting.
};
Q_ENUM_NS(Phase)
/// The number of values in Phase.
inline constexpr int phaseCount = 7;
/// The number of values in EvictionCause.
inline constexpr int evictionCauseCount = 11;

/// What kind of error it was.
enum class ErrorKind {
    None, ///< No error.
    Timeout, ///< The phase's timeout passed.
    Cancelled, ///< For your own use. The pool never reports it, because a cancelled future has no result.
    Closed, ///< The pool is closed, draining or was never started.
    Empty, ///< tryTake() found nothing parked.
    Limit, ///< A limit of this pool was reached (waiters, capacity).
    Refused, ///< The peer refused the connection.
    HostNotFound, ///< The name could not be resolved.
    Unreachable, ///< Network or host unreachable.
    PeerClosed, ///< The peer closed or reset the connection.
    Proxy, ///< The proxy failed or refused.
    Tls, ///< The TLS handshake failed (protocol, cipher, alert).
    Certificate, ///< The peer's certificate is not acceptable. Fatal.
    CertificateDate, ///< The only fault: the peer's certificate has expired or is not valid yet. Lasting.
    Pin, ///< The peer's certificate matches no pin. Fatal.
    SpokeFirst, ///< The peer sends bytes first, and Unsolicited::Evict is set.
    BadIdentity, ///< The bytes from the server are not an id of the chosen IdFormat.
    Settings, ///< The settings cannot work (no host, unusable certificate). Fatal.
    SourceAddress, ///< ClientPool::sourceAddress is not an address of this machine now. Lasting.
    Resources, ///< This machine has no more of a resource, mostly descriptors.
    Other, ///< Any other error. The message contains the socket's error text.
};
Q_ENUM_NS(ErrorKind)

/// What prevents a ClientPool from reaching its server, or what ends its connections. Each value names a symptom. The
/// pool cannot know the cause. An error counts as long as connections are missing and no attempt has succeeded since
/// the error.
enum class Diagnosis {
    None, ///< No problem is known.
    NoNetwork, ///< This machine has no network: PoolStatus::offline.
    ThisMachine, ///< ErrorKind::Settings, SourceAddress or Resources.
    NameNotFound, ///< ErrorKind::HostNotFound, or Timeout in Phase::Resolve: the name cannot be looked up.
    Unreachable, ///< ErrorKind::Unreachable: there is no route, or no machine has the address.
    NoAnswer, ///< ErrorKind::Timeout in Phase::Dial: the address, or the proxy, does not answer.
    Refused, ///< ErrorKind::Refused: the server's machine, or a firewall before it, refuses.
    ProxyFailed, ///< ErrorKind::Proxy.
    ServerCloses, ///< ErrorKind::PeerClosed: connections are closed while, or soon after, they are made.
    TlsFailed, ///< ErrorKind::Certificate, CertificateDate, Pin or Tls, or Timeout in Phase::Handshake.
    WrongProtocol, ///< ErrorKind::BadIdentity or SpokeFirst, or Timeout in Phase::Identify: maybe no pool server.
    ClosedWhenIdle, ///< PoolStatus::idleLifetime is known: connections work, but idle ones are closed.
    Other, ///< The last attempt failed in another way: see PoolStatus::lastError.
};
Q_ENUM_NS(Diagnosis)

} // namespace Tidepool
