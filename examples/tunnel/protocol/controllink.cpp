// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "controllink.h"

#include "../cli/librarywords.h"
#include "../log.h"
#include "messages.h"

#include <tidepool/clientpool.h>

#include <QtCore/QRandomGenerator>

#include <algorithm>

namespace Tunnel {

using Tidepool::Diagnosis;
using Tidepool::ErrorKind;
using Tidepool::TakeResult;
using namespace std::chrono_literals;

namespace {

constexpr auto channelTakeTimeout = 10s;
constexpr auto handshakeTimeout = 5s;
// After a channel that lasted longer than this, the next attempt comes at once.
constexpr auto goodLife = 5s;
constexpr auto shortestPause = 100ms;
constexpr auto longestPause = 5'000ms;
// The pause after a wrong secret, a wrong certificate, or a replacement by another client. Only a person can solve
// these problems.
constexpr auto holdBackPause = 30s;
// The pause between the attempts before the link gives up. During a restart of the server, the wrong server can answer
// for a moment.
constexpr auto rejectionPause = 2s;

// Kinds for LimitedWarnings
constexpr QLatin1String channelKind("channel");
constexpr QLatin1String diagnosisKind("diagnosis");

// After this number of failures in a row, chance is not the cause.
constexpr int manyFailures = 3;

} // namespace

ControlLink::ControlLink(Tidepool::ClientPool &pool, QByteArray secret, std::chrono::milliseconds heartbeat,
                         bool retriesForever, QObject *parent)
    : QObject(parent)
    , m_pool(pool)
    , m_secret(std::move(secret))
    , m_heartbeat(heartbeat)
    , m_retriesForever(retriesForever)
{
    connect(&m_pool, &Tidepool::Pool::attemptFailed, this, &ControlLink::noteFailedAttempt);
    connect(&m_pool, &Tidepool::Pool::statusChanged, this, &ControlLink::noteDiagnosis);
    m_deadline.setSingleShot(true);
    m_deadline.setInterval(handshakeTimeout);
    connect(&m_deadline, &QTimer::timeout, this,
            [this] { fail(QStringLiteral("the server does not answer on the control channel"), nextPause()); });
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &ControlLink::attempt);
}

ControlLink::~ControlLink() = default;

void ControlLink::start()
{
    attempt();
}

void ControlLink::close()
{
    m_closed = true;
    m_retry.stop();
    dropChannel();
}

void ControlLink::retryNow()
{
    if (!m_retry.isActive())
        return;
    m_retry.stop();
    attempt();
}

void ControlLink::send(const QJsonObject &message)
{
    if (m_isUp)
        m_channel->send(message);
}

void ControlLink::whenSent(std::function<void()> then)
{
    if (m_isUp)
        m_channel->whenSent(std::move(then));
}

void ControlLink::attempt()
{
    if (std::exchange(m_holdingBack, false)) {
        m_pool.resume();
        m_pool.retryNow();
    }
    m_pool.take(channelTakeTimeout).then(this, [this](const TakeResult &result) {
        if (!m_closed)
            taken(result);
    });
}

void ControlLink::taken(const TakeResult &result)
{
    if (!result)
        return takeFailed(result.error());
    m_channel = std::make_unique<ControlChannel>(result.connection());
    m_digest = m_channel->peerCertificateDigest();
    m_handshake.emplace(m_secret, m_channel->id(), m_digest);
    connect(m_channel.get(), &ControlChannel::received, this, &ControlLink::receive);
    connect(m_channel.get(), &ControlChannel::ended, this, [this](const QString &reason) {
        fail(QStringLiteral("the control channel ended: %1").arg(reason), nextPause());
    });
    m_deadline.start();
    m_channel->send(m_handshake->hello());
    m_channel->start();
}

void ControlLink::takeFailed(const Tidepool::PoolError &error)
{
    if (error.kind() == ErrorKind::Closed)
        return;
    if (error.isFatal())
        return reject(Rejection::Certificate, inOptions(error.message()));
    // The pool itself delays its dials, and noteFailedAttempt() has already logged why they fail.
    const auto status = error.status();
    if (!status || status->lastError.isEmpty())
        m_log.warn(channelKind, QStringLiteral("no connection to the server: %1").arg(inOptions(error.message())));
    m_retry.start(shortestPause);
}

// A fatal error arrives through the waiting take, if there is one.
void ControlLink::noteFailedAttempt(const Tidepool::PoolError &error)
{
    if (m_closed || (error.isFatal() && !m_isUp))
        return;
    const QString reason = inOptions(error.message());
    if (!m_isUp)
        m_trouble = reason;
    m_log.warn(QStringLiteral("%1 %2").arg(static_cast<int>(error.phase())).arg(static_cast<int>(error.kind())),
               reason);
}

// Logs the diagnosis of an outage, once for each outage. noteFailedAttempt() logs the single failures.
void ControlLink::noteDiagnosis()
{
    const Tidepool::PoolStatus status = m_pool.status();
    const bool isLasting = status.failedInARow >= manyFailures || status.diagnosis == Diagnosis::NoNetwork
        || status.diagnosis == Diagnosis::ClosedWhenIdle;
    const bool isOver = status.diagnosis == Diagnosis::None;
    if (m_closed || !(isLasting || isOver) || std::exchange(m_diagnosis, status.diagnosis) == status.diagnosis
        || isOver)
        return;
    m_log.warn(QStringLiteral("%1 %2").arg(diagnosisKind).arg(static_cast<int>(status.diagnosis)),
               status.diagnosisText());
}

void ControlLink::receive(const QJsonObject &message)
{
    if (m_handshake)
        return step(m_handshake->receive(message));
    const Messages::Message read = Messages::read(message);
    if (read.type == Messages::Type::Bye) {
        holdBack(
            QStringLiteral("the server has closed the control channel (%1); does another client use the same secret?")
                .arg(read.text),
            holdBackPause);
        return;
    }
    emit received(message);
}

void ControlLink::step(const HandshakeStep &step)
{
    switch (step.outcome) {
    case HandshakeStep::Outcome::Continue:
        m_channel->send(step.reply);
        break;
    case HandshakeStep::Outcome::Proven:
        becomeUp();
        break;
    case HandshakeStep::Outcome::Failed:
        if (step.reason == QLatin1String("proof")) {
            reject(Rejection::Secret,
                   QStringLiteral("the server does not accept our proof; give both ends the same secret. If it is the "
                                  "same, someone between them shows a certificate of his own"));
        } else {
            reject(Rejection::Secret, step.reason);
        }
        break;
    }
}

void ControlLink::becomeUp()
{
    m_deadline.stop();
    m_handshake.reset();
    m_isUp = true;
    m_upSince = std::chrono::steady_clock::now();
    m_trouble.clear();
    m_rejections = 0;
    m_channel->trustPeer(m_heartbeat);
    const qint64 unsaid = m_log.reset();
    qCInfo(lcTunnel).noquote().nospace() << "tunnel up: server " << m_channel->peer()
                                         << (unsaid > 0 ? QStringLiteral(" after %1 more failed attempts").arg(unsaid)
                                                        : QString());
    emit up();
}

void ControlLink::fail(const QString &reason, std::chrono::milliseconds pause)
{
    m_trouble = reason;
    m_log.warn(m_isUp ? QLatin1String("down") : channelKind,
               m_isUp ? QStringLiteral("tunnel down: %1").arg(reason) : reason);
    dropChannel();
    m_retry.start(pause);
}

void ControlLink::holdBack(const QString &reason, std::chrono::milliseconds pause)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(pause).count();
    fail(QStringLiteral("%1 (next attempt in %2 s)").arg(reason).arg(seconds), pause);
    m_pool.flush();
    m_pool.pause();
    m_holdingBack = true;
}

void ControlLink::reject(Rejection rejection, const QString &reason)
{
    if (m_retriesForever)
        return holdBack(reason, holdBackPause);
    if (++m_rejections < maximumRejections)
        return holdBack(reason, rejectionPause);
    m_trouble = reason;
    qCCritical(lcTunnel).noquote().nospace()
        << reason << " (giving up after " << m_rejections << " attempts; --retry-forever goes on)";
    close();
    m_pool.flush();
    m_pool.pause();
    emit gaveUp(rejection);
}

void ControlLink::dropChannel()
{
    m_deadline.stop();
    m_handshake.reset();
    if (!m_channel)
        return;
    m_channel->disconnect(this);
    m_channel->close();
    // The channel can be emitting a signal at the moment.
    m_channel.release()->deleteLater();
    if (!std::exchange(m_isUp, false))
        return;
    m_pool.flush();
    emit down();
}

std::chrono::milliseconds ControlLink::nextPause()
{
    const bool wasGood = m_isUp && std::chrono::steady_clock::now() - m_upSince > goodLife;
    m_failures = wasGood ? 0 : std::min(m_failures + 1, 10);
    if (wasGood)
        return 0ms;
    const auto bound = std::min<std::chrono::milliseconds>(shortestPause * (1 << m_failures), longestPause);
    // Half of the pause is random, so that clients that lost the same server do not all return at once.
    return bound / 2
        + std::chrono::milliseconds(QRandomGenerator::global()->bounded(static_cast<int>(bound.count() / 2) + 1));
}

} // namespace Tunnel
