// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "relayend.h"

#include <QtCore/QObject>

namespace Tidepool {

/// One side of a relay, as a pump uses it: it delivers bytes, accepts bytes, and reports each of the two ends once.
///
/// Lives in the I/O thread and owns the connection. Its signals can be emitted from inside write() and endWriting().
class Stream : public QObject
{
    Q_OBJECT

public:
    ~Stream() override = default;

    /// Starts to emit signals. Before that, nothing is emitted.
    virtual void start() = 0;
    /// Reads at most @p size of the available bytes. Returns 0 if there are none.
    [[nodiscard]] virtual qsizetype read(char *bytes, qsizetype size) = 0;
    /// While false, the peer cannot send more, and readable() need not be emitted.
    virtual void setReading(bool reading) = 0;
    /// True if nothing more will be read: the peer has ended, and its last byte was read.
    [[nodiscard]] virtual bool isReadingOver() const = 0;

    /// The number of bytes that write() accepts now.
    [[nodiscard]] virtual qsizetype room() const = 0;
    /// Sends the bytes, now or as fast as the peer accepts them.
    virtual void write(const char *bytes, qsizetype size) = 0;
    /// Tells the peer, after all written bytes, that no more bytes follow. Returns true if the stream can still be read
    /// after that.
    virtual bool endWriting() = 0;
    /// True if nothing more will be sent: all is sent after endWriting(), or the peer is gone.
    [[nodiscard]] virtual bool isWritingOver() const = 0;
    /// The number of written bytes that the peer's system does not have yet, as far as the platform can tell.
    [[nodiscard]] virtual qint64 unacknowledged() const = 0;
    /// The error that broke the connection before the peer's end. Empty before the end and after a normal end.
    [[nodiscard]] virtual QString errorText() const = 0;
    /// True if the peer has ended too. The peer then loses no unread bytes if the connection closes now.
    [[nodiscard]] virtual bool isOver() const = 0;

    /// Discards unsent bytes and releases the connection. Nothing is emitted after that.
    virtual void close() = 0;

Q_SIGNALS:
    /// Bytes are available, or the peer has ended.
    void readable();
    /// Some of the bytes were sent, or writing is over.
    void writable();
    /// The peer has ended its sending. Unread bytes can be left.
    void ended();
    /// The connection broke.
    void failed(const QString &errorText);

protected:
    Stream() = default;
};

/// The maximum number of bytes of one direction in memory.
inline constexpr qsizetype maximumInFlight = 64 * 1024;

/// Returns the fastest stream for this end. The end must be in the calling thread, which is the I/O thread. Returns
/// nullptr if there is no connection.
[[nodiscard]] std::unique_ptr<Stream> makeStream(RelayEnd end);

/// Returns a stream on the descriptor, for plain TCP where the platform supports it. Otherwise returns nullptr and
/// leaves @p end unchanged.
[[nodiscard]] std::unique_ptr<Stream> makeDirectStream(RelayEnd &end);

} // namespace Tidepool
