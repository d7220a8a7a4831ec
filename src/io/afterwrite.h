// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <limits>
#include <memory>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)

namespace Tidepool {

// Functions for bytes that the system has accepted and that are on the way to the peer.

/// The number of these bytes that the peer's system has not acknowledged yet. 0 where the platform cannot tell.
[[nodiscard]] qint64 unacknowledgedBytes(qintptr descriptor);

/// Keeps a connection open with a second descriptor after Qt has closed the socket, so that the peer can read the last
/// bytes.
///
/// If unread bytes are present when a connection is closed, or if more bytes arrive after that, the system resets the
/// connection. The peer then loses the bytes that it has not read, and the system does not send the bytes in transit.
/// This class only ends the sending. Then it discards received bytes until the peer ends too: RFC 9112, section 9.6,
/// "lingering close".
class LingeringClose : public QObject
{
    Q_OBJECT

public:
    /// For a connected socket that is to be closed later in its thread. Returns nullptr where the platform does not
    /// support this. Ends after more than @p maximumBytes have arrived.
    [[nodiscard]] static std::unique_ptr<LingeringClose> of(const QAbstractSocket &socket,
                                                            qint64 maximumBytes = std::numeric_limits<qint64>::max());
    ~LingeringClose() override = default;

    /// True if the peer reset the connection before the peer ended it.
    [[nodiscard]] virtual bool wasReset() const = 0;
    /// Called when Qt has sent all data and closed the socket.
    virtual void begin() = 0;
    [[nodiscard]] virtual bool isOver() const = 0;

Q_SIGNALS:
    void over();

protected:
    LingeringClose() = default;
};

} // namespace Tidepool
