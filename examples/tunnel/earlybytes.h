// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "server/visitor.h"

#include <tidepool/connection.h>

#include <QtCore/QByteArray>
#include <QtCore/QSocketNotifier>

#include <memory>

namespace Tunnel {

/// Puts the first of what a visitor says onto the connection that the client is asked to confirm, while it is asked.
///
/// It keeps a copy, so that all of it can be put onto another connection if the client refuses this one. What is more
/// than the copy holds stays in the system for the relay, as does the end of his sending.
///
/// Lives in one thread. Where a descriptor cannot be read without its socket (Windows), it does nothing.
class EarlyBytes
{
public:
    /// Of one visitor.
    static constexpr qsizetype maximum = qsizetype(64) * 1024;

    /// Begins with what was put onto another connection before, and what he has said since. The visitor's socket, in no
    /// thread, must outlive it.
    EarlyBytes(const Visitor &visitor, const Tidepool::Connection &connection);
    ~EarlyBytes();
    Q_DISABLE_COPY_MOVE(EarlyBytes)

    /// Some of it is on the connection: who has the other end may have passed it on.
    [[nodiscard]] bool hasBegun() const { return m_passedOn > 0; }
    /// All that was read of the visitor.
    [[nodiscard]] QByteArray copy() const { return m_copy; }
    /// The connection is confirmed, and a relay may take over. What the system has no room for on the connection goes
    /// back to @p visitor, in this thread, to be read again. How many bytes of his are on the connection.
    [[nodiscard]] qint64 finish(QTcpSocket &visitor);

private:
    void passOn();
    [[nodiscard]] bool readMore();
    [[nodiscard]] qsizetype send(const char *bytes, qsizetype size);
    void bringBack();

    Tidepool::Connection m_connection;
    QByteArray m_copy;
    qsizetype m_passedOn = 0; // of the copy
    bool m_isAside = false; // the connection's socket is in no thread
    QSocketNotifier m_readable; // the visitor
};

} // namespace Tunnel
