// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtNetwork/QHostAddress>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>

#include <chrono>
#include <memory>
#include <vector>

namespace TestSupport {

/// A client of a ServerPool that shares no code with it. It waits by running the caller's event loop.
class RawClient
{
public:
    /// Connects and returns when TCP is up; see isConnected().
    explicit RawClient(quint16 port, const QHostAddress &address = QHostAddress::LocalHost,
                       const QHostAddress &source = {});

    /// TLS without verification; true if the handshake succeeded.
    [[nodiscard]] bool encrypt(QSsl::SslProtocol protocol = QSsl::TlsV1_3OrLater);
    /// TLS with @p configuration, checking the certificate against @p name.
    [[nodiscard]] bool encrypt(const QSslConfiguration &configuration, const QString &name);

    [[nodiscard]] bool isConnected() const;
    /// Waits until the other end has closed.
    [[nodiscard]] bool waitForClosed(std::chrono::milliseconds limit = std::chrono::seconds(5));
    /// Exactly @p count bytes, or fewer if they do not come in time.
    [[nodiscard]] QByteArray read(qsizetype count, std::chrono::milliseconds limit = std::chrono::seconds(5));
    /// Reads the 8 digits; the null id if they do not come.
    [[nodiscard]] Tidepool::ConnectionId readHexId(std::chrono::milliseconds limit = std::chrono::seconds(5));
    /// Reads the 4 bytes; the null id if they do not come.
    [[nodiscard]] Tidepool::ConnectionId readRawId(std::chrono::milliseconds limit = std::chrono::seconds(5));
    /// Writes and waits until it has left this end.
    void write(const QByteArray &bytes);
    void close();
    void reset();

    [[nodiscard]] QSslSocket *socket() const { return m_socket.get(); }

private:
    std::unique_ptr<QSslSocket> m_socket;
};

/// @p count connected clients.
[[nodiscard]] std::vector<RawClient> connectMany(quint16 port, int count);

} // namespace TestSupport
