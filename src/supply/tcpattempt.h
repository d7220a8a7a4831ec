// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolerror.h>

#include <QtCore/QObject>
#include <QtNetwork/QHostAddress>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// One attempt to connect to one address.
///
/// Lives in the I/O thread. Owns its descriptor until takeSocket(), and closes it when it fails or is given up.
class TcpAttempt : public QObject
{
    Q_OBJECT

public:
    enum class State : quint8 { Connecting, Connected, Failed };

    /// From @p source, or any address if that is null. @p peer names the other end in an error.
    [[nodiscard]] static std::unique_ptr<TcpAttempt> begin(const QHostAddress &address, quint16 port,
                                                           const QHostAddress &source, const QString &peer);

    /// May be over when it has just begun; ended() is not emitted then.
    [[nodiscard]] State state() const { return m_state; }
    /// Failed: why.
    [[nodiscard]] PoolError error() const { return m_error; }
    /// Connected: the connection, once.
    [[nodiscard]] virtual std::unique_ptr<QSslSocket> takeSocket() = 0;
    /// It is wanted no more.
    virtual void giveUp() = 0;

Q_SIGNALS:
    /// It is Connected or Failed now.
    void ended();

protected:
    TcpAttempt() = default;
    void setConnected() { m_state = State::Connected; }
    void setFailed(const PoolError &error)
    {
        m_state = State::Failed;
        m_error = error;
    }

private:
    State m_state = State::Connecting;
    PoolError m_error;
};

} // namespace Tidepool
