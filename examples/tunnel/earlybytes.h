// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "server/visitor.h"

#include <tidepool/connection.h>

#include <QtCore/QByteArray>
#include <QtCore/QSocketNotifier>

#include <memory>

namespace Tunnel {

/// Sends the first bytes of a visitor on the connection that the client is asked to confirm, before the confirmation.
///
/// Keeps a copy, so that all bytes can go onto another connection if the client refuses this one. Bytes beyond the size
/// of the copy, and the end of the visitor's sending, stay in the system for the relay.
///
/// Lives in one thread. Where a descriptor cannot be read without its socket (Windows), this does nothing.
class EarlyBytes
{
public:
    /// The maximum number of bytes of one visitor.
    static constexpr qsizetype maximum = qsizetype(64) * 1024;

    /// Starts with the bytes that were sent on an earlier connection, and with the visitor's bytes since then. The
    /// visitor's socket must be in no thread and must outlive this object.
    EarlyBytes(const Visitor &visitor, const Tidepool::Connection &connection);
    ~EarlyBytes();
    Q_DISABLE_COPY_MOVE(EarlyBytes)

    /// True if some of the bytes are on the connection: the peer of the connection can have passed them on.
    [[nodiscard]] bool hasBegun() const { return m_passedOn > 0; }
    /// All bytes that were read from the visitor.
    [[nodiscard]] QByteArray copy() const { return m_copy; }
    /// Call this when the connection is confirmed and a relay can take over. Moves bytes for which the system has no
    /// room on the connection back to @p visitor, in this thread, to be read again. Returns the number of the visitor's
    /// bytes that are on the connection.
    [[nodiscard]] qint64 finish(QTcpSocket &visitor);

private:
    void passOn();
    [[nodiscard]] bool readMore();
    [[nodiscard]] qsizetype send(const char *bytes, qsizetype size);
    void bringBack();

    Tidepool::Connection m_connection;
    QByteArray m_copy;
    qsizetype m_passedOn = 0; // the number of bytes of the copy
    bool m_isAside = false; // true while the connection's socket is in no thread
    QSocketNotifier m_readable; // watches the visitor
};

} // namespace Tunnel
