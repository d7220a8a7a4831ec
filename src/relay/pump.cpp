// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pump.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {

// How long bytes that were read before the end can stay without progress towards the other side.
constexpr std::chrono::milliseconds closingTimeout{30'000};
// How long a side that was told of the end can take to end too, before its connection is closed. The value is nginx's
// default lingering_timeout.
constexpr std::chrono::milliseconds lingeringTimeout{5'000};
// The maximum number of reads in a row, so that one busy relay does not block the other relays of the I/O thread.
constexpr int maximumReads = 16;

// Shared by the relays of a thread. A sink keeps the bytes that it cannot send at once, so an idle relay needs no
// chunk. The chunk is on the heap, because glibc reserves a thread_local array on the stack of every thread in the
// process.
std::shared_ptr<PumpChunk> chunkOfThisThread()
{
    thread_local std::weak_ptr<PumpChunk> current;
    auto chunk = current.lock();
    if (!chunk)
        current = chunk = std::make_shared_for_overwrite<PumpChunk>();
    return chunk;
}

int otherOf(int side)
{
    return 1 - side;
}

Relay::Reason closedReason(int side)
{
    return side == 0 ? Relay::Reason::FirstClosed : Relay::Reason::SecondClosed;
}

Relay::Reason failedReason(int side)
{
    return side == 0 ? Relay::Reason::FirstFailed : Relay::Reason::SecondFailed;
}

} // namespace

Pump::Pump(PumpParts parts)
    : m_streams{makeStream(std::move(parts.ends[0])), makeStream(std::move(parts.ends[1]))}
    , m_state(std::move(parts.state))
    , m_chunk(chunkOfThisThread())
    , m_idleTimeout(parts.idleTimeout)
    , m_lastProgress(std::chrono::steady_clock::now())
{
    m_idleTimer.setParent(this);
    m_idleTimer.setSingleShot(true);
    connect(&m_idleTimer, &QTimer::timeout, this, &Pump::checkIdle);
    if (m_idleTimeout.count() > 0)
        m_idleTimer.start(m_idleTimeout);
}

Pump::~Pump() = default;

void Pump::start()
{
    for (const int side : {0, 1}) {
        if (!m_streams[static_cast<size_t>(side)]) { // its handle was closed before the socket arrived
            finish(Relay::Reason::NotStarted,
                   QStringLiteral("The %1 side has no connection any more.")
                       .arg(side == 0 ? QLatin1String("first") : QLatin1String("second")));
            return;
        }
    }
    watch(0);
    watch(1);
    for (const int side : {0, 1}) {
        if (!m_isOver)
            stream(side).start();
        run(side); // bytes that arrived before the signals were connected
    }
}

void Pump::watch(int side)
{
    const Stream *source = m_streams[static_cast<size_t>(side)].get();
    connect(source, &Stream::readable, this, [this, side] { run(side); });
    connect(source, &Stream::writable, this, [this, side] { onWritable(side); });
    connect(source, &Stream::ended, this, [this, side] { onEnded(side); });
    connect(source, &Stream::failed, this, [this, side](const QString &errorText) { onFailed(side, errorText); });
}

// A stream can emit a signal from inside a call of the pump. The pump handles the signal after the call.
void Pump::run(int from)
{
    Direction &way = direction(from);
    way.isWanted = true;
    if (way.isRunning)
        return;
    way.isRunning = true;
    while (!m_isOver && std::exchange(way.isWanted, false))
        move(from);
    way.isRunning = false;
}

void Pump::move(int from)
{
    Stream &source = stream(from);
    Stream &sink = stream(otherOf(from));
    qsizetype room = 0;
    for (int reads = 0; (room = sink.isWritingOver() ? maximumInFlight : sink.room()) > 0; ++reads) {
        if (reads == maximumReads) {
            continueLater(from);
            break;
        }
        const qsizetype count = source.read(m_chunk->data(), std::min<qsizetype>(room, std::ssize(*m_chunk)));
        if (count == 0 || m_isOver)
            break;
        if (sink.isWritingOver())
            continue; // the peer does not read any more, but see LingeringClose
        noteProgress(from, count);
        sink.write(m_chunk->data(), count);
        if (m_isOver)
            return;
    }
    if (m_isOver)
        return;
    source.setReading(room > 0);
    // The end of the sink can show only at the next read of the sink, and the other direction may have no room for that
    // read.
    if (sink.isWritingOver() && !direction(from).isPassedOn && !std::exchange(direction(from).isCutOff, true))
        beginClosing();
    if (source.isReadingOver())
        passOnEnd(from);
    if (!m_isOver && stream(0).isWritingOver() && stream(1).isWritingOver())
        linger();
}

void Pump::onWritable(int side)
{
    m_lastProgress = std::chrono::steady_clock::now();
    run(otherOf(side));
}

void Pump::continueLater(int from)
{
    if (std::exchange(direction(from).isContinuing, true))
        return;
    const auto goOn = [this, from] {
        direction(from).isContinuing = false;
        run(from);
    };
    QMetaObject::invokeMethod(this, goOn, Qt::QueuedConnection);
}

// Between two plain TCP connections, the other direction can continue as long as it is not idle.
void Pump::passOnEnd(int from)
{
    if (std::exchange(direction(from).isPassedOn, true))
        return;
    if (!stream(otherOf(from)).endWriting())
        beginClosing();
}

void Pump::onEnded(int side)
{
    if (m_firstEnded < 0)
        m_firstEnded = side;
    if (stream(side).isWritingOver())
        beginClosing();
    run(side);
    run(otherOf(side)); // the bytes may have no receiver left
}

void Pump::onFailed(int side, const QString &errorText)
{
    if (side != m_firstEnded)
        finish(failedReason(side), errorText);
}

// The timer is not restarted for each chunk. When the timer fires, it checks the age of the last chunk.
void Pump::noteProgress(int from, qsizetype bytes)
{
    m_state->bytes[static_cast<size_t>(from)].fetch_add(bytes, std::memory_order_relaxed);
    m_lastProgress = std::chrono::steady_clock::now();
    m_state->notifier.notifyInFrame();
}

// The pump reads nothing more. It still sends the bytes that it has read, for a limited time.
void Pump::beginClosing()
{
    if (m_isOver || m_isLingering)
        return;
    m_lastProgress = std::chrono::steady_clock::now();
    (void)isTakingBytes(); // from now on
    m_idleTimeout = m_idleTimeout.count() > 0 ? std::min(m_idleTimeout, closingTimeout) : closingTimeout;
    m_idleTimer.start(m_idleTimeout);
}

// Both sides were told of the end. The pump still reads from the side that was told last, so that closing does
// not reset its connection.
void Pump::linger()
{
    if (stream(0).isOver() && stream(1).isOver()) {
        finishEnded();
    } else if (!std::exchange(m_isLingering, true)) {
        m_idleTimer.start(lingeringTimeout);
    }
}

// The system's buffer can hold megabytes for a peer that reads slowly, and no other progress is visible in that time.
bool Pump::isTakingBytes()
{
    bool isTaking = false;
    for (const int side : {0, 1}) {
        const qint64 now = stream(side).unacknowledged();
        isTaking |= std::exchange(m_unacknowledged[static_cast<size_t>(side)], now) != now;
    }
    return isTaking;
}

void Pump::checkIdle()
{
    if (m_isOver)
        return;
    if (m_isLingering) {
        finishEnded();
        return;
    }
    if (isTakingBytes())
        m_lastProgress = std::chrono::steady_clock::now();
    const auto idle = std::chrono::steady_clock::now() - m_lastProgress;
    if (idle >= m_idleTimeout)
        finish(Relay::Reason::IdleTimeout);
    else
        m_idleTimer.start(std::chrono::ceil<std::chrono::milliseconds>(m_idleTimeout - idle));
}

// The side that ended first determines the reason, unless the other side broke off while there were more bytes for it.
void Pump::finishEnded()
{
    const int side = std::max(m_firstEnded, 0);
    const int other = otherOf(side);
    if (const QString errorText = stream(side).errorText(); !errorText.isEmpty())
        finish(failedReason(side), errorText);
    else if (direction(side).isCutOff && !stream(other).errorText().isEmpty())
        finish(failedReason(other), stream(other).errorText());
    else
        finish(closedReason(side));
}

void Pump::finish(Relay::Reason reason, const QString &errorText)
{
    if (std::exchange(m_isOver, true))
        return;
    m_idleTimer.stop();
    for (const auto &stream : m_streams) {
        if (stream)
            stream->close();
    }
    m_state->end(reason, errorText);
    m_state->notifier.notify();
}

} // namespace Tidepool
