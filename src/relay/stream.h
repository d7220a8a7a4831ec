// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "relayend.h"

#include <QtCore/QObject>

namespace Tidepool {

/// One side of a relay, as a pump sees it: bytes come, bytes go, and each of the two ends once.
///
/// Lives in the I/O thread and owns the connection. Its signals may be emitted from inside write() and endWriting().
class Stream : public QObject
{
    Q_OBJECT

public:
    ~Stream() override = default;

    /// Starts to tell. Before that, nothing is emitted.
    virtual void start() = 0;
    /// Reads at most @p size bytes of what is there; 0 if nothing is.
    [[nodiscard]] virtual qsizetype read(char *bytes, qsizetype size) = 0;
    /// While false, the peer is held back and readable() need not be emitted.
    virtual void setReading(bool reading) = 0;
    /// Nothing more will be read: the peer has ended, and its last byte was read.
    [[nodiscard]] virtual bool isReadingOver() const = 0;

    /// How many bytes write() may be given now.
    [[nodiscard]] virtual qsizetype room() const = 0;
    /// Sends the bytes, now or as the peer takes them.
    virtual void write(const char *bytes, qsizetype size) = 0;
    /// Lets the peer know, after all that was written, that there is no more. True if it can still be read from then.
    virtual bool endWriting() = 0;
    /// Nothing more will be sent: all is, after endWriting(), or the peer is gone.
    [[nodiscard]] virtual bool isWritingOver() const = 0;
    /// How many written bytes the peer's system does not have yet, as far as can be told.
    [[nodiscard]] virtual qint64 unacknowledged() const = 0;
    /// What broke the connection off before the peer's end; empty after an orderly end, and until there is one.
    [[nodiscard]] virtual QString errorText() const = 0;
    /// The peer has ended, too: to close it now cannot cost the peer what it has not read yet.
    [[nodiscard]] virtual bool isOver() const = 0;

    /// Forgets what is unsent and lets the connection go. Nothing is emitted any more.
    virtual void close() = 0;

Q_SIGNALS:
    /// Bytes are there, or the peer has ended.
    void readable();
    /// Some of the bytes were sent, or writing is over.
    void writable();
    /// The peer has ended its sending; there may be bytes left to read.
    void ended();
    /// The connection broke.
    void failed(const QString &errorText);

protected:
    Stream() = default;
};

/// At most so much of a direction is in memory.
inline constexpr qsizetype maximumInFlight = 64 * 1024;

/// The fastest stream for this end, which is in the calling thread, the I/O thread; nullptr if there is no connection.
[[nodiscard]] std::unique_ptr<Stream> makeStream(RelayEnd end);

/// A stream on the bare descriptor, for plain TCP where the platform can do it. Else nullptr, and @p end is as it was.
[[nodiscard]] std::unique_ptr<Stream> makeDirectStream(RelayEnd &end);

} // namespace Tidepool
