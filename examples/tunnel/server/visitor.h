// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <QtNetwork/QTcpSocket>

#include <chrono>
#include <memory>

namespace Tunnel {

/// A TCP client that connected to the exposed address and is to be connected to the target.
///
/// While the visitor waits, its socket belongs to no thread, and only EarlyBytes reads from it. The bytes that the
/// visitor sent stay available for the relay.
struct Visitor
{
    std::unique_ptr<QTcpSocket> socket;
    QString peer;
    QByteArray said; ///< Bytes that were read for a connection that the client then refused.
    std::chrono::steady_clock::time_point arrival;
    std::chrono::steady_clock::time_point deadline; ///< If the visitor is not served by then, the server closes it.
    bool waited = false; ///< No connection was available when the visitor arrived.
    int refusals = 0; ///< How often the client refused a connection for this visitor.
};

/// True if the visitor cannot be served any more: it has reset the connection, or ended the connection without sending
/// a byte. An end of the visitor's sending looks the same as an end of both directions. With @p canHalfClose, the
/// visitor can still wait for bytes from the target.
[[nodiscard]] bool hasLeft(const Visitor &visitor, bool canHalfClose);

} // namespace Tunnel
