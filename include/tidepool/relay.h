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

/// Pumps bytes between two connections until one of them ends.
///
/// The bytes run in an I/O thread, not in the relay's thread; of each direction at most 64 KiB are in memory.
/// When one side closes, what it sent before still reaches the other, which is then closed too. Between two plain TCP
/// connections, on Linux and without a proxy, a side that has only ended its sending still receives (half-close); in
/// any other pair it counts as closed, and what the other still had to say is lost. The other is given 5 s to close in
/// its turn, so that (on Linux) what it is still sending does not cost it the last bytes. The relay owns both sockets
/// and closes them when it ends or is destroyed; a pool counts its connection as leased until then.
class TIDEPOOL_EXPORT Relay : public QObject
{
    Q_OBJECT
    Q_PROPERTY(qint64 bytesFromFirst READ bytesFromFirst NOTIFY bytesChanged)
    Q_PROPERTY(qint64 bytesFromSecond READ bytesFromSecond NOTIFY bytesChanged)
    Q_PROPERTY(bool running READ isRunning NOTIFY runningChanged)

public:
    /// Why it ended.
    enum class Reason : quint8 {
        FirstClosed, ///< The first side closed; all its bytes were passed on.
        SecondClosed, ///< The second side closed; all its bytes were passed on.
        IdleTimeout, ///< For idleTimeout() no byte came from either side, and none that waits was taken.
        FirstFailed, ///< The first side failed, or (told on Linux) was reset; see errorText().
        SecondFailed, ///< The second side failed, or (told on Linux) was reset; see errorText().
        Stopped, ///< stop() was called.
        NotStarted, ///< It could not start; see errorText().
    };
    Q_ENUM(Reason)

    /// Takes both over: all other handles to them become empty. A connection whose socket is used in another thread is
    /// moved out of that by its event loop; if it has none, or does not turn within 5 s, the relay ends with
    /// NotStarted. So it does if a handle is empty, the same as the other, or one that another relay has taken over.
    Relay(const Connection &first, const Connection &second, QObject *parent = nullptr);
    /// For a side that does not come from a pool. At start() the socket must be connected (or ended by its peer since),
    /// without a parent, and live in the relay's thread, or else the relay ends with NotStarted.
    Relay(const Connection &first, std::unique_ptr<QTcpSocket> second, QObject *parent = nullptr);
    Relay(std::unique_ptr<QTcpSocket> first, std::unique_ptr<QTcpSocket> second, QObject *parent = nullptr);
    ~Relay() override;

    /// Default: 10 min. 0: none. Range: 0 to 24 days. When a side has closed, at most 30 s. It may take twice as long
    /// to tell that a peer has stopped taking bytes. Set it before start().
    [[nodiscard]] std::chrono::milliseconds idleTimeout() const;
    void setIdleTimeout(std::chrono::milliseconds timeout);

    /// Bytes read from the first side so far. Any thread.
    [[nodiscard]] qint64 bytesFromFirst() const;
    /// Bytes read from the second side so far. Any thread.
    [[nodiscard]] qint64 bytesFromSecond() const;
    [[nodiscard]] bool isRunning() const;
    /// The socket's words after FirstFailed or SecondFailed; what was in the way after NotStarted.
    [[nodiscard]] QString errorText() const;

public Q_SLOTS:
    /// Starts pumping, bytes that already arrived first. Once only.
    void start();
    /// Ends it now; bytes under way are lost.
    void stop();

Q_SIGNALS:
    /// It ended and both sockets are closed. Always emitted once after start(), unless the relay is destroyed first.
    void finished(Tidepool::Relay::Reason reason);
    /// While bytes flow, at most ten times a second.
    void bytesChanged();
    void runningChanged(bool running);

private:
    std::unique_ptr<RelayPrivate> d;
};

} // namespace Tidepool
