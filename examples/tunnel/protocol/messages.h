// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>

#include <optional>

/// What is said on a proven control channel. Heartbeats are the channel's own: see ControlChannel.
namespace Tunnel::Messages {

using Tidepool::ConnectionId;

/// What the other end says in words, shortened, and without control characters, which could forge a line of the log.
[[nodiscard]] QString printable(const QJsonValue &value);

// From the server
/// {"open":id,"peer":"192.0.2.7:4711"}: a visitor is here; he is to be carried on this connection.
[[nodiscard]] QJsonObject open(ConnectionId id, const QString &peer);
/// {"waiting":7}: so many visitors are here for whom no connection stands ready.
[[nodiscard]] QJsonObject waiting(int visitors);

// From the client
/// {"opened":id}: this connection is ours, and carries the visitor. Said before any byte of his is passed on.
[[nodiscard]] QJsonObject opened(ConnectionId id);
/// {"refused":id,"reason":"..."}: it is not, and nothing that came on it was passed on; take another one.
[[nodiscard]] QJsonObject refused(ConnectionId id, const QString &reason);
/// {"have":[id,...]}: these are ours and parked, and their other end is the server's: bytes of a visitor may follow
/// `open` at once. In as many messages as fit the limit for a line.
[[nodiscard]] QList<QJsonObject> have(const QList<ConnectionId> &ids);
/// {"gone":[id,...]}: these are not to be had any more.
[[nodiscard]] QList<QJsonObject> gone(const QList<ConnectionId> &ids);

// From both
/// {"bye":"closing"} or {"bye":"replaced"}: no new visitors; those under way are served to the end.
[[nodiscard]] QJsonObject bye(const QString &reason);

enum class Type : quint8 {
    Unknown, ///< Of a later release; to be ignored.
    Malformed,
    Open,
    Opened,
    Refused,
    Have,
    Gone,
    Bye,
    Waiting,
};

/// A message, read.
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
