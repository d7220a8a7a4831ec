// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connection.h>

#include <QtCore/QObject>
#include <QtNetwork/QTcpSocket>

#include <chrono>
#include <memory>

namespace Tidepool {

class RelayPrivate;

/// Copies bytes between two connections until one of them ends.
///
/// The copying runs in an I/O thread, not in the relay's thread. At most 64 KiB of each direction are in memory. When
/// one side closes, the bytes that it sent before still reach the other side. Then the relay closes the other side too.
/// Between two plain TCP connections, on Linux and without a proxy, a side that has only ended its sending still
/// receives (half-close). In any other pair, that side counts as closed, and further bytes from the other side are
/// lost. The other side has 5 s to close, so that on Linux it does not lose the last bytes because it is still sending.
/// The relay owns both sockets. It closes both sockets when it ends or is destroyed. Until then, the pool counts its
/// connection as leased.
class TIDEPOOL_EXPORT Relay : public QObject
{
    Q_OBJECT
    Q_PROPERTY(qint64 bytesFromFirst READ bytesFromFirst NOTIFY bytesChanged)
    Q_PROPERTY(qint64 bytesFromSecond READ bytesFromSecond NOTIFY bytesChanged)
    Q_PROPERTY(bool running READ isRunning NOTIFY runningChanged)

public:
    /// Why the relay ended.
    enum class Reason : quint8 {
        FirstClosed, ///< The first side closed; all its bytes were passed on.
        SecondClosed, ///< The second side closed; all its bytes were passed on.
        IdleTimeout, ///< For idleTimeout() no byte arrived from either side, and no side accepted a byte.
        FirstFailed, ///< The first side failed, or (detected on Linux) was reset. See errorText().
        SecondFailed, ///< The second side failed, or (detected on Linux) was reset. See errorText().
        Stopped, ///< stop() was called.
        NotStarted, ///< The relay could not start. See errorText().
    };
    Q_ENUM(Reason)

    /// Takes over both connections: all other handles to them become empty. If another thread uses the socket of a
    /// connection, the event loop of that thread moves the socket to the relay. The relay ends with NotStarted if that
    /// thread has no event loop or does not process the request within 5 s. The relay also ends with NotStarted if a
    /// handle is empty, if both handles are the same, or if another relay has taken over a connection.
    Relay(const Connection &first, const Connection &second, QObject *parent = nullptr);
    /// For a second side that does not come from a pool. At start(), the socket must be connected (or ended by its peer
    /// since), have no parent, and live in the relay's thread. Otherwise the relay ends with NotStarted.
    Relay(const Connection &first, std::unique_ptr<QTcpSocket> second, QObject *parent = nullptr);
    Relay(std::unique_ptr<QTcpSocket> first, std::unique_ptr<QTcpSocket> second, QObject *parent = nullptr);
    ~Relay() override;

    /// The time without traffic after which the relay ends. Default: 10 min. 0: no limit. Range: 0 to 24 days. After a
    /// side has closed, the limit is at most 30 s. If a peer stops reading, the detection can take twice as long. Set
    /// this before start().
    [[nodiscard]] std::chrono::milliseconds idleTimeout() const;
    void setIdleTimeout(std::chrono::milliseconds timeout);

    /// The number of bytes read from the first side so far. Any thread.
    [[nodiscard]] qint64 bytesFromFirst() const;
    /// The number of bytes read from the second side so far. Any thread.
    [[nodiscard]] qint64 bytesFromSecond() const;
    [[nodiscard]] bool isRunning() const;
    /// After FirstFailed or SecondFailed: the socket's error text. After NotStarted: why the relay did not start.
    [[nodiscard]] QString errorText() const;

public Q_SLOTS:
    /// Starts copying. Bytes that have already arrived come first. Call this only once.
    void start();
    /// Ends the relay now. Bytes in transit are lost.
    void stop();

Q_SIGNALS:
    /// The relay ended and both sockets are closed. Always emitted once after start(), unless the relay is destroyed
    /// first.
    void finished(Tidepool::Relay::Reason reason);
    /// Emitted while bytes flow, at most ten times a second.
    void bytesChanged();
    void runningChanged(bool running);

private:
    std::unique_ptr<RelayPrivate> d;
};

} // namespace Tidepool
