// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolerror.h>

#include <QtCore/QSocketNotifier>
#include <QtNetwork/QTcpServer>

#include <functional>
#include <memory>

namespace Tidepool {

/// A listening socket that hands every descriptor on, without a queue of its own.
///
/// Not QSslServer: there, handshakes under way count as pending connections, and thirty silent clients stop it for
/// good. Made and told to listen in the facade's thread, then moved to the I/O thread.
class Listener : public QTcpServer
{
    Q_OBJECT

public:
    using Handler = std::function<void(qintptr descriptor)>;

    Listener();

    /// False on failure; error() then says why.
    bool listenOn(const QHostAddress &address, quint16 port);
    bool adopt(qintptr descriptor);
    [[nodiscard]] PoolError error() const { return m_error; }

    /// Begins to accept. In the I/O thread.
    void start(Handler handler);
    /// Accepts no more, from within the handler too; clients wait in the system's backlog.
    void hold();
    void unhold();
    /// Listens no more.
    void end();

Q_SIGNALS:
    /// Accepting failed for want of something, mostly descriptors, and is on hold.
    void acceptFailed(const QString &reason);

private:
    bool settle(bool isListening, const QString &where);
    void acceptPending();

    std::unique_ptr<QSocketNotifier> m_notifier;
    Handler m_handler;
    PoolError m_error;
};

} // namespace Tidepool
