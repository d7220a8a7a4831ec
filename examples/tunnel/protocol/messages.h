// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>

#include <optional>

/// The messages on a proven control channel. The channel itself handles heartbeats: see ControlChannel.
namespace Tunnel::Messages {

using Tidepool::ConnectionId;

/// The text that the other end sent, shortened and without control characters, which could forge a line of the log.
[[nodiscard]] QString printable(const QJsonValue &value);

// From the server
/// {"open":id,"peer":"192.0.2.7:4711"}: a visitor has arrived. The client is to serve it on this connection.
[[nodiscard]] QJsonObject open(ConnectionId id, const QString &peer);
/// {"waiting":7}: this number of visitors wait without an available connection.
[[nodiscard]] QJsonObject waiting(int visitors);

// From the client
/// {"opened":id}: this connection is ours, and carries the visitor. Sent before any byte of the visitor is passed on.
[[nodiscard]] QJsonObject opened(ConnectionId id);
/// {"refused":id,"reason":"..."}: this connection cannot carry the visitor, and none of its bytes were passed on. Use
/// another connection.
[[nodiscard]] QJsonObject refused(ConnectionId id, const QString &reason);
/// {"have":[id,...]}: these connections are ours and parked, and their other end is the server. Bytes of a visitor can
/// follow `open` at once. The ids are split into messages that fit the limit for a line.
[[nodiscard]] QList<QJsonObject> have(const QList<ConnectionId> &ids);
/// {"gone":[id,...]}: these connections are not available any more.
[[nodiscard]] QList<QJsonObject> gone(const QList<ConnectionId> &ids);

// From both
/// {"bye":"closing"} or {"bye":"replaced"}: no new visitors. Current visitors are served to the end.
[[nodiscard]] QJsonObject bye(const QString &reason);

enum class Type : quint8 {
    Unknown, ///< A message of a later release. Ignore it.
    Malformed,
    Open,
    Opened,
    Refused,
    Have,
    Gone,
    Bye,
    Waiting,
};

/// A decoded message.
struct Message
{
    Type type = Type::Unknown;
    ConnectionId id; ///< Open, Opened, Refused.
    QList<ConnectionId> ids; ///< Have, Gone.
    QString text; ///< The peer, or the reason.
    int count = 0; ///< Waiting.
};

[[nodiscard]] Message read(const QJsonObject &message);

} // namespace Tunnel::Messages
