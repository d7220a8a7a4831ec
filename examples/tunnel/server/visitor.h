// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <QtNetwork/QTcpSocket>

#include <chrono>
#include <memory>

namespace Tunnel {

/// Someone who connected to the exposed address and is to be carried to the target.
///
/// While he waits, his socket belongs to no thread, and nothing is read from him but by EarlyBytes: what he sent is
/// still there for the relay.
struct Visitor
{
    std::unique_ptr<QTcpSocket> socket;
    QString peer;
    QByteArray said; ///< Read of him already, for a connection that the client refused then.
    std::chrono::steady_clock::time_point arrival;
    std::chrono::steady_clock::time_point deadline; ///< He is turned away if nobody serves him by then.
    bool waited = false; ///< No connection stood ready when he came.
    int refusals = 0; ///< How often the client refused a connection that was meant for him.
};

/// True if there is nobody left to serve: he has reset the connection, or ended it without a word. An end of his
/// sending alone looks like the end of both ways; with @p canHalfClose, he may still wait for what the target says.
[[nodiscard]] bool hasLeft(const Visitor &visitor, bool canHalfClose);

} // namespace Tunnel
