// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/afterwrite.h"
#include "../io/descriptor.h"
#include "stream.h"

#include <QtCore/QSocketNotifier>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace Tidepool {

namespace {

/// Works on the descriptor, without Qt's buffers. Unlike with a QTcpSocket, half-close works: a peer that has ended its
/// sending can still receive.
class DirectStream final : public Stream
{
public:
    DirectStream(RelayEnd end, int descriptor, QByteArray early)
        : m_end(std::move(end))
        , m_descriptor(descriptor)
        , m_early(std::move(early))
        , m_readable(descriptor, QSocketNotifier::Read)
        , m_writable(descriptor, QSocketNotifier::Write)
    {
        m_readable.setEnabled(false);
        m_writable.setEnabled(false);
        connect(&m_readable, &QSocketNotifier::activated, this, &Stream::readable);
        connect(&m_writable, &QSocketNotifier::activated, this, &DirectStream::sendRest);
    }

    ~DirectStream() override { closeDescriptor(); }
    Q_DISABLE_COPY_MOVE(DirectStream)

    void start() override { m_readable.setEnabled(true); }

    qsizetype read(char *bytes, qsizetype size) override
    {
        if (!m_early.isEmpty()) {
            const qsizetype count = std::min(size, m_early.size());
            std::memcpy(bytes, m_early.constData(), static_cast<size_t>(count));
            m_early.remove(0, count);
            return count;
        }
        if (m_isReadingOver)
            return 0;
        ssize_t count = 0;
        do {
            count = ::recv(m_descriptor, bytes, static_cast<size_t>(size), MSG_DONTWAIT);
        } while (count < 0 && errno == EINTR);
        if (count > 0)
            return count;
        if (count == 0)
            endReading();
        else if (errno != EAGAIN)
            breakReading(errno);
        return 0;
    }

    void setReading(bool reading) override { setEnabled(m_readable, reading && !m_isReadingOver); }
    bool isReadingOver() const override { return m_isReadingOver && m_early.isEmpty(); }
    qsizetype room() const override { return m_rest.isEmpty() && !m_isWritingOver ? maximumInFlight : 0; }

    void write(const char *bytes, qsizetype size) override
    {
        const qsizetype sent = send(bytes, size);
        if (sent < size && !m_isWritingOver) {
            m_rest = QByteArray(bytes + sent, size - sent);
            setEnabled(m_writable, true);
        }
    }

    bool endWriting() override
    {
        m_isToEnd = true;
        if (m_rest.isEmpty())
            passOnEnd();
        return !m_isReadingOver;
    }

    bool isWritingOver() const override { return m_isWritingOver; }
    qint64 unacknowledged() const override { return m_rest.size() + unacknowledgedBytes(m_descriptor); }
    QString errorText() const override { return m_errorText; }
    bool isOver() const override { return m_isWritingOver && m_isReadingOver; }

    void close() override
    {
        disconnect();
        closeDescriptor();
        m_end.close();
    }

private:
    // The notifiers are disabled before the descriptor is closed, but not destroyed, because this function can run
    // inside one of their signals.
    void closeDescriptor()
    {
        m_readable.setEnabled(false);
        m_writable.setEnabled(false);
        if (m_descriptor >= 0)
            ::close(std::exchange(m_descriptor, -1));
    }

    static void setEnabled(QSocketNotifier &notifier, bool enabled)
    {
        if (notifier.isEnabled() != enabled)
            notifier.setEnabled(enabled);
    }

    /// Returns the number of bytes that the system accepted.
    qsizetype send(const char *bytes, qsizetype size)
    {
        qsizetype sent = 0;
        while (sent < size && !m_isWritingOver) {
            const ssize_t count =
                ::send(m_descriptor, bytes + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count >= 0)
                sent += count;
            else if (errno == EAGAIN)
                break;
            else if (errno != EINTR)
                breakWriting(errno);
        }
        return sent;
    }

    void sendRest()
    {
        const qsizetype sent = send(m_rest.constData(), m_rest.size());
        m_rest.remove(0, sent);
        if (m_rest.isEmpty()) {
            setEnabled(m_writable, false);
            if (m_isToEnd)
                passOnEnd();
        }
        emit writable();
    }

    void passOnEnd()
    {
        if (!std::exchange(m_isWritingOver, true))
            (void)::shutdown(m_descriptor, SHUT_WR);
    }

    void endReading()
    {
        setEnabled(m_readable, false);
        if (!std::exchange(m_isReadingOver, true))
            emit ended();
    }

    /// Bytes that the peer sent before can still be read. EPIPE follows the peer's end, and the next read finds that
    /// end too.
    void breakWriting(int error)
    {
        if (!m_isReadingOver && error != EPIPE)
            m_errorText = qt_error_string(error);
        m_rest.clear();
        m_isWritingOver = true;
        setEnabled(m_writable, false);
        if (error != ECONNRESET && error != EPIPE)
            emit failed(qt_error_string(error));
    }

    void breakReading(int error)
    {
        breakWriting(error);
        endReading();
    }

    RelayEnd m_end;
    int m_descriptor;
    QByteArray m_early; ///< Bytes that were read before this stream started.
    QString m_errorText;
    QByteArray m_rest; ///< Written, but not taken by the system yet.
    QSocketNotifier m_readable;
    QSocketNotifier m_writable;
    bool m_isReadingOver = false; ///< Except for the early bytes.
    bool m_isToEnd = false;
    bool m_isWritingOver = false;
};

bool isPlain(const QTcpSocket &socket)
{
    const auto *tls = qobject_cast<const QSslSocket *>(&socket);
    return (!tls || tls->mode() == QSslSocket::UnencryptedMode) && socket.state() == QAbstractSocket::ConnectedState
        && !isProxied(socket);
}

} // namespace

std::unique_ptr<Stream> makeDirectStream(RelayEnd &end)
{
    QTcpSocket *socket = end.socket();
    if (!isPlain(*socket))
        return nullptr;
    socket->flush();
    if (socket->bytesToWrite() > 0)
        return nullptr;
    const int descriptor = ::fcntl(static_cast<int>(socket->socketDescriptor()), F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0)
        return nullptr;
    const QByteArray early = socket->readAll();
    socket->disconnect();
    socket->abort(); // closes Qt's descriptor, while our second descriptor keeps the connection open
    return std::make_unique<DirectStream>(std::move(end), descriptor, early);
}

} // namespace Tidepool
