// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtNetwork/QNetworkProxy>

namespace TestSupport {

/// An outer end that the test speaks through and the inner end of the same connection, for a relay.
struct RelayEnd
{
    std::unique_ptr<RawClient> client;
    Tidepool::Connection connection;
};

/// Makes them with two ServerPools.
class RelayEnds
{
public:
    RelayEnds()
    {
        m_encrypted.setTls(tlsMode(Tidepool::TlsMode::SelfSigned));
        if (!m_plain.listen(QHostAddress::LocalHost) || !m_encrypted.listen(QHostAddress::LocalHost))
            qFatal("cannot listen");
    }

    RelayEnd make(bool encrypted)
    {
        Tidepool::ServerPool &pool = encrypted ? m_encrypted : m_plain;
        RelayEnd end;
        end.client = std::make_unique<RawClient>(pool.serverPort());
        if (encrypted && !end.client->encrypt())
            qWarning("no TLS");
        const Tidepool::TakeResult taken = await(pool.take(end.client->readHexId()));
        if (!taken)
            qWarning("%s", qPrintable(taken.error().message()));
        end.connection = taken.connection();
        return end;
    }

    /// Inner ends that still exist.
    [[nodiscard]] int leased() const { return m_plain.status().leased + m_encrypted.status().leased; }

private:
    Tidepool::ServerPool m_plain;
    Tidepool::ServerPool m_encrypted;
};

/// Bytes of which no stretch repeats soon.
inline QByteArray pattern(qsizetype size)
{
    QByteArray bytes(size, '\0');
    for (qsizetype i = 0; i < size; ++i)
        bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
    return bytes;
}

/// A connected socket of the kind that does not come from a pool.
inline std::unique_ptr<QTcpSocket> dial(const TestPeer &peer)
{
    auto socket = std::make_unique<QTcpSocket>();
    socket->setProxy(QNetworkProxy::NoProxy);
    socket->connectToHost(QHostAddress(QHostAddress::LocalHost), peer.port());
    socket->waitForConnected();
    return socket;
}

} // namespace TestSupport
