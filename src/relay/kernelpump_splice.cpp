// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pump.h"

#include <QtCore/QSocketNotifier>
#include <QtNetwork/QNetworkProxy>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

namespace Tidepool {

namespace {

// The size of a pipe on Linux (pipe(7)), and with it the bytes in flight in each direction.
constexpr size_t pipeSize = 64 * 1024;
// Steps in one go, so that one busy relay does not keep the lane from the others.
constexpr int maximumSteps = 16;

/// A descriptor with one owner.
class Descriptor
{
public:
    explicit Descriptor(int number = -1) : m_number(number) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor &&other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor &operator=(Descriptor &&other) noexcept
    {
        std::swap(m_number, other.m_number);
        return *this;
    }
    Q_DISABLE_COPY(Descriptor)

    [[nodiscard]] int get() const { return m_number; }
    [[nodiscard]] bool isValid() const { return m_number >= 0; }
    void reset()
    {
        if (m_number >= 0)
            ::close(std::exchange(m_number, -1));
    }

private:
    int m_number;
};

/// One direction: source, pipe, sink.
struct Direction
{
    Descriptor pipeOut;
    Descriptor pipeIn;
    size_t inPipe = 0;
    QByteArray ahead; ///< What Qt had already read; goes first.
    bool hasEnded = false; ///< The source has.
    bool isDone = false; ///< And the sink knows.
};

bool makePipe(Direction &direction)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    direction.pipeOut = Descriptor(ends[0]);
    direction.pipeIn = Descriptor(ends[1]);
    return true;
}

/// splice(2) moves pages from socket to socket without a copy, and works on the descriptors, so unlike with a
/// QTcpSocket half-close survives: a side that has ended its sending can still receive.
class SplicePump final : public Pump
{
public:
    SplicePump(PumpParts parts, std::array<Descriptor, 2> sockets, std::array<Direction, 2> directions)
        : Pump(std::move(parts.state), parts.idleTimeout)
        , m_ends(std::move(parts.ends))
        , m_sockets(std::move(sockets))
        , m_directions(std::move(directions))
    {}

    void start() override
    {
        for (const int side : {0, 1}) {
            const int descriptor = m_sockets[at(side)].get();
            auto &notifiers = m_notifiers[at(side)];
            notifiers.readable.emplace(descriptor, QSocketNotifier::Read);
            notifiers.writable.emplace(descriptor, QSocketNotifier::Write);
            connect(&*notifiers.readable, &QSocketNotifier::activated, this, [this, side] { run(side); });
            connect(&*notifiers.writable, &QSocketNotifier::activated, this, [this, side] { run(1 - side); });
        }
        run(0);
        run(1);
    }

protected:
    void finish(Relay::Reason reason, const QString &errorText) override
    {
        if (std::exchange(m_isOver, true))
            return;
        // Disabled, not destroyed: this may be inside one of their signals.
        for (auto &notifiers : m_notifiers) {
            notifiers.readable->setEnabled(false);
            notifiers.writable->setEnabled(false);
        }
        for (const int side : {0, 1}) {
            m_sockets[at(side)].reset();
            m_ends[at(side)].close();
        }
        report(reason, errorText);
    }

private:
    enum class Step : quint8 { Moved, NothingToRead, SinkIsFull, Over };

    static size_t at(int side) { return static_cast<size_t>(side); }

    /// Moves what can be moved from @p from to the other side, and waits for what it lacks.
    void run(int from)
    {
        if (m_isOver)
            return;
        Step step = Step::Moved;
        for (int i = 0; i < maximumSteps && step == Step::Moved; ++i)
            step = moveSome(from);
        if (m_isOver)
            return;
        const Direction &direction = m_directions[at(from)];
        const bool isFull = direction.inPipe > 0 || !direction.ahead.isEmpty();
        setEnabled(*m_notifiers[at(from)].readable, !direction.hasEnded && step != Step::SinkIsFull);
        setEnabled(*m_notifiers[at(1 - from)].writable, isFull);
    }

    static void setEnabled(QSocketNotifier &notifier, bool enabled)
    {
        if (notifier.isEnabled() != enabled)
            notifier.setEnabled(enabled);
    }

    Step moveSome(int from)
    {
        Direction &direction = m_directions[at(from)];
        bool isMoved = false;
        if (!direction.hasEnded && direction.inPipe < pipeSize && direction.ahead.isEmpty()) {
            const ssize_t count = ::splice(m_sockets[at(from)].get(), nullptr, direction.pipeIn.get(), nullptr,
                                           pipeSize - direction.inPipe, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
            if (count > 0) {
                direction.inPipe += static_cast<size_t>(count);
                noteProgress(from, count);
                isMoved = true;
            } else if (count == 0) {
                end(from);
            } else if (errno != EAGAIN && errno != EINTR) {
                fail(from, errno);
                return Step::Over;
            }
        }
        const Step sent = send(from);
        if (sent == Step::Over || sent == Step::SinkIsFull)
            return sent;
        return isMoved ? Step::Moved : Step::NothingToRead;
    }

    Step send(int from)
    {
        Direction &direction = m_directions[at(from)];
        const int sink = m_sockets[at(1 - from)].get();
        while (!direction.ahead.isEmpty() || direction.inPipe > 0) {
            const bool isAhead = !direction.ahead.isEmpty();
            const ssize_t count = isAhead
                ? ::send(sink, direction.ahead.constData(), static_cast<size_t>(direction.ahead.size()),
                         MSG_NOSIGNAL | MSG_DONTWAIT)
                : ::splice(direction.pipeOut.get(), nullptr, sink, nullptr, direction.inPipe,
                           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0 && errno == EAGAIN)
                return Step::SinkIsFull;
            if (count < 0) {
                fail(1 - from, errno);
                return Step::Over;
            }
            if (isAhead)
                direction.ahead.remove(0, count);
            else
                direction.inPipe -= static_cast<size_t>(count);
        }
        if (direction.hasEnded && !direction.isDone)
            passOnEnd(from);
        return m_isOver ? Step::Over : Step::NothingToRead;
    }

    /// The source has sent its last byte. The other direction may go on for as long as it is not idle.
    void end(int from)
    {
        m_directions[at(from)].hasEnded = true;
        if (m_firstEnded < 0)
            m_firstEnded = from;
    }

    /// All of it has reached the sink, which now hears that there is no more.
    void passOnEnd(int from)
    {
        m_directions[at(from)].isDone = true;
        (void)::shutdown(m_sockets[at(1 - from)].get(), SHUT_WR);
        if (m_directions[0].isDone && m_directions[1].isDone)
            finish(closedReason(m_firstEnded), {});
    }

    void fail(int side, int error)
    {
        if (m_firstEnded >= 0)
            finish(closedReason(m_firstEnded), {});
        else if (error == ECONNRESET || error == EPIPE)
            finish(closedReason(side), {});
        else
            finish(failedReason(side), qt_error_string(error));
    }

    struct Notifiers
    {
        std::optional<QSocketNotifier> readable;
        std::optional<QSocketNotifier> writable;
    };

    std::array<RelayEnd, 2> m_ends;
    std::array<Descriptor, 2> m_sockets;
    std::array<Direction, 2> m_directions; ///< By their source.
    std::array<Notifiers, 2> m_notifiers; // destroyed before the descriptors
    int m_firstEnded = -1;
    bool m_isOver = false;
};

bool isPlain(QTcpSocket *socket)
{
    const auto *tls = qobject_cast<QSslSocket *>(socket);
    return socket && (!tls || tls->mode() == QSslSocket::UnencryptedMode)
        && socket->state() == QAbstractSocket::ConnectedState && socket->proxy().type() == QNetworkProxy::NoProxy;
}

} // namespace

std::unique_ptr<Pump> makeKernelPump(PumpParts &parts)
{
    std::array<Descriptor, 2> sockets;
    std::array<Direction, 2> directions;
    for (const size_t side : {size_t(0), size_t(1)}) {
        QTcpSocket *socket = parts.ends[side].socket();
        if (!isPlain(socket))
            return nullptr;
        socket->flush();
        if (socket->bytesToWrite() > 0 || !makePipe(directions[side]))
            return nullptr;
        sockets[side] = Descriptor(::fcntl(static_cast<int>(socket->socketDescriptor()), F_DUPFD_CLOEXEC, 0));
        if (!sockets[side].isValid())
            return nullptr;
    }
    for (const size_t side : {size_t(0), size_t(1)}) {
        QTcpSocket *socket = parts.ends[side].socket();
        directions[side].ahead = socket->readAll();
        parts.state->bytes[side].fetch_add(directions[side].ahead.size(), std::memory_order_relaxed);
        socket->disconnect();
        socket->abort(); // closes Qt's descriptor; the connection lives on in ours
    }
    return std::make_unique<SplicePump>(std::move(parts), std::move(sockets), std::move(directions));
}

} // namespace Tidepool
