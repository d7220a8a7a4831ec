// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <limits>
#include <memory>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)

namespace Tidepool {

// What becomes of bytes that the system has taken, on their way to the peer.

/// How many of them the peer's system does not have yet. 0 where the platform cannot tell.
[[nodiscard]] qint64 unacknowledgedBytes(qintptr descriptor);

/// Keeps a connection, by a descriptor of its own, open for the peer to read its last bytes after Qt has closed the
/// socket.
///
/// A system that is told to close a connection on which unread bytes lie, or to which more come, resets it: the peer
/// loses what it has not read, and what is still under way is not sent at all. This only ends the sending, and then
/// throws away what comes until the peer ends, too: RFC 9112, section 9.6, "lingering close".
class LingeringClose : public QObject
{
    Q_OBJECT

public:
    /// For a connected socket that is to be closed later, in its thread. nullptr where the platform cannot do it. When
    /// more than @p maximumBytes came, it is over.
    [[nodiscard]] static std::unique_ptr<LingeringClose> of(const QAbstractSocket &socket,
                                                            qint64 maximumBytes = std::numeric_limits<qint64>::max());
    ~LingeringClose() override = default;

    /// The peer has reset the connection before it ended it.
    [[nodiscard]] virtual bool wasReset() const = 0;
    /// Qt has sent all and closed the socket.
    virtual void begin() = 0;
    [[nodiscard]] virtual bool isOver() const = 0;

Q_SIGNALS:
    void over();

protected:
    LingeringClose() = default;
};

} // namespace Tidepool
