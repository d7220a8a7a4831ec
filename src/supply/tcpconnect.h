// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "tcpattempt.h"

#include <QtCore/QList>
#include <QtCore/QTimer>

#include <chrono>
#include <vector>

namespace Tidepool {

/// Where to connect to, and how.
struct TcpTarget
{
    QString host; ///< A name or an address.
    quint16 port = 0;
    QHostAddress source; ///< Null: any.
    QString endpoint; ///< For messages.
    QList<QHostAddress> addresses; ///< Of the host. Empty: they are looked up.
    std::chrono::milliseconds patience{5'000}; ///< How long the caller waits for all attempts together.
};

/// Resolves a host and connects to whichever of its addresses answers first ("Happy Eyeballs", RFC 8305).
///
/// The attempts begin one after another, 250 ms apart, or at once when the one before has failed; families take turns.
/// Knows no TLS, no proxy, no ids and no time limit of its own. Lives in the I/O thread. Exactly one of connected() and
/// failed() is emitted, once, and possibly inside start(); what loses is closed. Deleting it closes everything.
class TcpConnect final : public QObject
{
    Q_OBJECT

public:
    explicit TcpConnect(const TcpTarget &target);
    ~TcpConnect() override;
    Q_DISABLE_COPY_MOVE(TcpConnect)

    void start();
    /// After connected(), once.
    [[nodiscard]] std::unique_ptr<QSslSocket> takeSocket();
    /// The most telling error so far; after failed(), the reason.
    [[nodiscard]] PoolError error() const { return m_error; }

    /// @p addresses with the families in turns, each in its own order; the first one's family begins.
    [[nodiscard]] static QList<QHostAddress> inTurns(const QList<QHostAddress> &addresses);

Q_SIGNALS:
    /// The name is resolved: the first attempt begins.
    void resolved();
    void connected();
    void failed();

private:
    void connectTo(const QList<QHostAddress> &addresses);
    void beginNext();
    void onEnded(TcpAttempt *attempt);
    void fail(const PoolError &error);
    void keepMostTelling(const PoolError &error);

    TcpTarget m_target;
    int m_lookup = -1;
    QList<QHostAddress> m_addresses; ///< Not tried yet.
    bool m_hasSeveral = false;
    std::chrono::milliseconds m_delay{0};
    QTimer m_next;
    std::vector<std::unique_ptr<TcpAttempt>> m_attempts; ///< Also those that are over.
    TcpAttempt *m_winner = nullptr;
    bool m_isOver = false;
    PoolError m_error;
};

/// Whether @p a tells more than @p b about why a host cannot be reached.
[[nodiscard]] bool tellsMore(const PoolError &a, const PoolError &b);

} // namespace Tidepool
