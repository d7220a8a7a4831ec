// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../limitedwarnings.h"
#include "auth.h"
#include "controlchannel.h"

#include <tidepool/takeresult.h>

#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <functional>
#include <memory>
#include <optional>

namespace Tidepool {
class ClientPool;
}

namespace Tunnel {

/// The client's control channel: takes a connection of the pool, authenticates on it, and starts again when the channel
/// is lost.
///
/// The pool's parked connections close with the channel, because the server does not know them any more.
class ControlLink : public QObject
{
    Q_OBJECT

public:
    /// The problems that only a person can solve.
    enum class Rejection : quint8 {
        Certificate, ///< The server's certificate does not match the pin, or is not valid.
        Secret, ///< One of the ends does not accept the other's proof.
    };
    Q_ENUM(Rejection)

    /// The number of rejections in a row after which the link gives up, unless it retries forever.
    static constexpr int maximumRejections = 3;

    ControlLink(Tidepool::ClientPool &pool, QByteArray secret, std::chrono::milliseconds heartbeat, bool retriesForever,
                QObject *parent = nullptr);
    ~ControlLink() override;

    void start();
    /// Closes the channel, and opens no new one.
    void close();
    /// If the link waits for its next attempt, tries again now.
    void retryNow();
    /// Has no effect while the channel is not up.
    void send(const QJsonObject &message);
    /// Calls @p then, later, when the system has accepted all bytes that were sent until now. Never calls @p then after
    /// down().
    void whenSent(std::function<void()> then);

    [[nodiscard]] bool isUp() const { return m_isUp; }
    /// The server, while the channel is up: "192.0.2.7:4711".
    [[nodiscard]] QString peer() const { return m_channel ? m_channel->peer() : QString(); }
    /// SHA-256 of the certificate of the authenticated server. Empty without TLS.
    [[nodiscard]] QByteArray serverCertificateDigest() const { return m_digest; }
    /// The reason why the channel is not up, as a sentence. Empty if no error has occurred yet.
    [[nodiscard]] QString trouble() const { return m_trouble; }

signals:
    void up();
    void down();
    /// Emitted while the channel is up, for each message other than bye.
    void received(const QJsonObject &message);
    /// The maximum number of rejections is reached. There will be no more attempts.
    void gaveUp(Tunnel::ControlLink::Rejection rejection);

private:
    void attempt();
    void taken(const Tidepool::TakeResult &result);
    void takeFailed(const Tidepool::PoolError &error);
    void receive(const QJsonObject &message);
    void step(const HandshakeStep &step);
    void becomeUp();
    /// The channel cannot be used any more. The next attempt comes after @p pause.
    void fail(const QString &reason, std::chrono::milliseconds pause);
    /// The same as fail(), but the pool does not dial until then, because the server rejects this client now.
    void holdBack(const QString &reason, std::chrono::milliseconds pause);
    /// The same as holdBack(), or the end of all attempts.
    void reject(Rejection rejection, const QString &reason);
    void noteFailedAttempt(const Tidepool::PoolError &error);
    void noteDiagnosis();
    void dropChannel();
    [[nodiscard]] std::chrono::milliseconds nextPause();

    Tidepool::ClientPool &m_pool;
    const QByteArray m_secret;
    const std::chrono::milliseconds m_heartbeat;
    const bool m_retriesForever;
    std::unique_ptr<ControlChannel> m_channel;
    std::optional<ClientHandshake> m_handshake; // set until the channel is up
    QByteArray m_digest;
    QString m_trouble;
    Tidepool::Diagnosis m_diagnosis = Tidepool::Diagnosis::None; // the value that was logged last
    bool m_isUp = false;
    bool m_closed = false;
    bool m_holdingBack = false;
    std::chrono::steady_clock::time_point m_upSince;
    int m_failures = 0; // in a row
    int m_rejections = 0; // in a row
    QTimer m_deadline; // the timeout of the handshake
    QTimer m_retry;
    LimitedWarnings m_log;
};

} // namespace Tunnel
