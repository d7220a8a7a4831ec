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

// At most so much of a direction is in memory. Measured over loopback: splice() through a pipe of this size, which
// saves the copy, carries two thirds of it, because a pipe holds 16 pieces, however small.
constexpr size_t bufferSize = 64 * 1024;
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

/// One direction: what its source has sent and its sink has not taken.
struct Direction
{
    QByteArray rest;
    bool hasEnded = false; ///< The source has.
    bool isDone = false; ///< And the sink knows.
};

/// Works on the descriptors, so that unlike with a QTcpSocket half-close survives: a side that has ended its sending
/// can still receive.
class DirectPump final : public Pump
{
public:
    DirectPump(PumpParts parts, std::array<Descriptor, 2> sockets, std::array<Direction, 2> directions)
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
        const bool isFull = !direction.rest.isEmpty();
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
        if (!direction.rest.isEmpty()) {
            const qsizetype sent = send(1 - from, direction.rest.constData(), direction.rest.size());
            if (sent < 0)
                return Step::Over;
            direction.rest.remove(0, sent);
            if (!direction.rest.isEmpty())
                return Step::SinkIsFull;
        }
        if (direction.hasEnded) {
            if (!direction.isDone)
                passOnEnd(from);
            return m_isOver ? Step::Over : Step::NothingToRead;
        }
        // Shared by all relays of a lane: what the sink does not take at once is kept apart, so an idle relay needs
        // none.
        thread_local std::array<char, bufferSize> chunk;
        const ssize_t count = ::recv(m_sockets[at(from)].get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            return Step::Moved;
        if (count < 0 && errno == EAGAIN)
            return Step::NothingToRead;
        if (count < 0) {
            fail(from, errno);
            return Step::Over;
        }
        if (count == 0) {
            end(from);
            return Step::Moved; // to pass it on
        }
        noteProgress(from, count);
        const qsizetype sent = send(1 - from, chunk.data(), count);
        if (sent < 0)
            return Step::Over;
        if (sent == count)
            return Step::Moved;
        direction.rest = QByteArray(chunk.data() + sent, count - sent);
        return Step::SinkIsFull;
    }

    /// How many bytes the sink took; -1 if that ended the relay.
    qsizetype send(int sink, const char *bytes, qsizetype size)
    {
        qsizetype sent = 0;
        while (sent < size) {
            const ssize_t count = ::send(m_sockets[at(sink)].get(), bytes + sent, static_cast<size_t>(size - sent),
                                         MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0 && errno == EAGAIN)
                break;
            if (count < 0) {
                fail(sink, errno);
                return -1;
            }
            sent += count;
        }
        return sent;
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

std::unique_ptr<Pump> makeDirectPump(PumpParts &parts)
{
    std::array<Descriptor, 2> sockets;
    std::array<Direction, 2> directions;
    for (const size_t side : {size_t(0), size_t(1)}) {
        QTcpSocket *socket = parts.ends[side].socket();
        if (!isPlain(socket))
            return nullptr;
        socket->flush();
        if (socket->bytesToWrite() > 0)
            return nullptr;
        sockets[side] = Descriptor(::fcntl(static_cast<int>(socket->socketDescriptor()), F_DUPFD_CLOEXEC, 0));
        if (!sockets[side].isValid())
            return nullptr;
    }
    for (const size_t side : {size_t(0), size_t(1)}) {
        QTcpSocket *socket = parts.ends[side].socket();
        directions[side].rest = socket->readAll();
        parts.state->bytes[side].fetch_add(directions[side].rest.size(), std::memory_order_relaxed);
        socket->disconnect();
        socket->abort(); // closes Qt's descriptor; the connection lives on in ours
    }
    return std::make_unique<DirectPump>(std::move(parts), std::move(sockets), std::move(directions));
}

} // namespace Tidepool
