// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/certificates.h"

#include <tidepool/connectionid.h>

#include <QtCore/QByteArray>
#include <QtCore/QList>
#include <QtCore/QThread>
#include <QtNetwork/QHostAddress>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace TestSupport {

/// What a TestPeer does with each connection that it accepts.
struct PeerScript
{
    enum class Greeting {
        Hex8, ///< A fresh id as 8 hexadecimal digits.
        Raw4, ///< A fresh id as 4 bytes.
        Nothing, ///< Not a byte, and it stays open.
        Text, ///< What text says.
    };
    enum class Then {
        Echo, ///< Sends back what it gets.
        Listen, ///< Only keeps what it gets.
        Close, ///< Closes after the greeting.
        Reset, ///< Resets after the greeting.
    };

    Greeting greeting = Greeting::Hex8;
    Then then = Then::Echo;
    QByteArray text; ///< For Greeting::Text.
    QByteArray behind; ///< Sent in the same write, right behind the greeting.
    std::chrono::milliseconds delay{0}; ///< Before the greeting, unless greetWaiting() ends it.
    std::optional<Credentials> tls; ///< Speaks TLS with this certificate.
    QSsl::SslProtocol protocol = QSsl::TlsV1_3OrLater;
    QList<QSslCertificate> clientAuthorities; ///< Asks for a client certificate of one of these.
    std::chrono::milliseconds life{-1}; ///< Closes so long after the greeting; -1: never.
    int atMost = -1; ///< Open at once; more are closed at once. -1: as many as come.
    bool oneAtATime = false; ///< Looks at the next one when the one before is greeted, or gone.
    int serve = -1; ///< How many connections it serves; later ones are closed at once. -1: all.

    [[nodiscard]] static PeerScript sending(const QByteArray &text, Then then = Then::Listen);
    [[nodiscard]] static PeerScript silent();
    [[nodiscard]] static PeerScript ending(Then then);
    /// The usual peer, over TLS or plain.
    [[nodiscard]] static PeerScript echoing(bool encrypted);
    [[nodiscard]] static PeerScript overTls(const Credentials &credentials, Greeting greeting = Greeting::Hex8);
};

/// A scripted server on 127.0.0.1 that shares no code with the pools. It runs in a thread of its own, so
/// it goes on while the test's thread is blocked. Every function may be called from any thread.
class TestPeer
{
public:
    explicit TestPeer(const PeerScript &script = {}, const QHostAddress &address = QHostAddress::LocalHost);
    ~TestPeer();
    Q_DISABLE_COPY_MOVE(TestPeer)

    [[nodiscard]] quint16 port() const { return m_port; }

    /// For connections accepted from now on.
    void setScript(const PeerScript &script);
    /// New connects are refused, and nobody else gets the port; those that are open stay.
    void stopListening();
    /// Listens again on the same port.
    [[nodiscard]] bool listenAgain();

    /// Connections accepted so far: all that were made until now.
    [[nodiscard]] int accepted() const;
    /// Connections open now.
    [[nodiscard]] int open() const;
    /// The most that were ever accepted and not greeted yet.
    [[nodiscard]] int mostUngreeted() const;
    /// The ids sent so far, oldest first.
    [[nodiscard]] QList<Tidepool::ConnectionId> ids() const;
    /// The ids of the connections open now, oldest first.
    [[nodiscard]] QList<Tidepool::ConnectionId> openIds() const;
    /// The addresses that connected, in order.
    [[nodiscard]] QList<QHostAddress> clients() const;
    /// What the connection named @p id has sent.
    [[nodiscard]] QByteArray received(Tidepool::ConnectionId id) const;
    /// The first certificate of each client that showed one.
    [[nodiscard]] QList<QSslCertificate> clientCertificates() const;

    /// Greets those that wait for PeerScript::delay, in the order in which they came.
    void greetWaiting();
    void send(Tidepool::ConnectionId id, const QByteArray &bytes);
    /// Stops reading from it, so that the other end's writes come to a halt.
    void stopReading(Tidepool::ConnectionId id);
    void startReading(Tidepool::ConnectionId id);
    void close(Tidepool::ConnectionId id);
    void reset(Tidepool::ConnectionId id);
    void closeAll();
    void resetAll();

private:
    class Worker;
    void call(const std::function<void()> &action) const;

    QThread m_thread;
    std::unique_ptr<Worker> m_worker;
    quint16 m_port = 0;
};

} // namespace TestSupport
