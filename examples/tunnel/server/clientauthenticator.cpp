// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "clientauthenticator.h"

#include "../log.h"
#include "../protocol/auth.h"

#include <tidepool/serverpool.h>

#include <QtCore/QCryptographicHash>
#include <QtCore/QHash>

#include <algorithm>

namespace Tunnel {

using Tidepool::ConnectionId;
using Tidepool::TakeResult;

namespace {

// The connection is parked, or it has ended in the meantime. There is nothing to wait for.
constexpr std::chrono::milliseconds speakerTakeTimeout{200};

QByteArray digestOf(const QSslCertificate &certificate)
{
    return certificate.isNull() ? QByteArray() : certificate.digest(QCryptographicHash::Sha256);
}

} // namespace

class ClientAuthenticator::Attempt : public QObject
{
public:
    Attempt(std::unique_ptr<ControlChannel> itsChannel, ServerHandshake itsHandshake, QObject *parent)
        : QObject(parent), channel(std::move(itsChannel)), handshake(std::move(itsHandshake))
    {
        deadline.setSingleShot(true);
    }

    std::unique_ptr<ControlChannel> channel;
    ServerHandshake handshake;
    QTimer deadline;
};

ClientAuthenticator::ClientAuthenticator(Tidepool::ServerPool &pool, QByteArray secret, const Limits &limits,
                                         Welcome welcome, QObject *parent)
    : QObject(parent), m_pool(pool), m_secret(std::move(secret)), m_limits(limits), m_welcome(std::move(welcome))
{}

ClientAuthenticator::~ClientAuthenticator() = default;

void ClientAuthenticator::consider(ConnectionId id)
{
    m_pool.take(id, speakerTakeTimeout).then(this, [this](const TakeResult &result) {
        if (result && !m_closed)
            admit(result.connection());
    });
}

void ClientAuthenticator::close()
{
    m_closed = true;
    while (!m_attempts.empty())
        remove(m_attempts.front());
}

void ClientAuthenticator::admit(Tidepool::Connection connection)
{
    auto channel = std::make_unique<ControlChannel>(std::move(connection));
    ServerHandshake handshake(m_secret, channel->id(), digestOf(m_pool.certificate()));
    auto *attempt = new Attempt(std::move(channel), std::move(handshake), this);
    m_attempts.push_back(attempt);
    makeRoom();

    connect(attempt->channel.get(), &ControlChannel::received, attempt,
            [this, attempt](const QJsonObject &message) { receive(attempt, message); });
    connect(attempt->channel.get(), &ControlChannel::ended, attempt,
            [this, attempt](const QString &reason) { turnAway(attempt, reason); });
    connect(&attempt->deadline, &QTimer::timeout, attempt,
            [this, attempt] { turnAway(attempt, QStringLiteral("it did not prove itself in time")); });
    attempt->deadline.start(m_limits.patience);
    attempt->channel->start();
}

void ClientAuthenticator::makeRoom()
{
    if (attempts() <= m_limits.attempts)
        return;
    QHash<QHostAddress, int> perAddress;
    for (const Attempt *attempt : m_attempts)
        ++perAddress[attempt->channel->peerAddress()];
    const int most = *std::max_element(perAddress.cbegin(), perAddress.cend());
    const auto oldest = std::find_if(m_attempts.cbegin(), m_attempts.cend(), [&](const Attempt *attempt) {
        return perAddress.value(attempt->channel->peerAddress()) == most;
    });
    turnAway(*oldest, QStringLiteral("too many attempts at once"));
}

void ClientAuthenticator::receive(Attempt *attempt, const QJsonObject &message)
{
    const HandshakeStep step = attempt->handshake.receive(message);
    if (!step.reply.isEmpty())
        attempt->channel->send(step.reply);
    switch (step.outcome) {
    case HandshakeStep::Outcome::Continue:
        break;
    case HandshakeStep::Outcome::Proven:
        accept(attempt);
        break;
    case HandshakeStep::Outcome::Failed:
        turnAway(attempt, step.reason);
        break;
    }
}

void ClientAuthenticator::accept(Attempt *attempt)
{
    attempt->channel->disconnect(attempt);
    std::unique_ptr<ControlChannel> channel = std::move(attempt->channel);
    remove(attempt);
    m_welcome(std::move(channel));
}

void ClientAuthenticator::turnAway(Attempt *attempt, const QString &reason)
{
    m_log.warn(reason, QStringLiteral("turned away %1: %2").arg(attempt->channel->peer(), reason));
    attempt->channel->disconnect(attempt);
    attempt->channel->close();
    remove(attempt);
    emit turnedAway();
}

void ClientAuthenticator::remove(Attempt *attempt)
{
    m_attempts.erase(std::find(m_attempts.begin(), m_attempts.end(), attempt));
    attempt->deadline.stop();
    // The caller can be one of the attempt's signals.
    attempt->deleteLater();
}

} // namespace Tunnel
