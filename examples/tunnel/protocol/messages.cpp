// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "messages.h"

#include <QtCore/QJsonArray>

#include <array>

namespace Tunnel::Messages {

namespace {

// 11 bytes for each id, so a message stays below 12 KiB.
constexpr qsizetype idsPerMessage = 1000;
// The text of the other end can become part of a log line.
constexpr qsizetype maximumText = 200;

struct Name
{
    QLatin1String key;
    Type type = Type::Unknown;
};
constexpr std::array<Name, 7> names{{
    {QLatin1String("open"), Type::Open},
    {QLatin1String("opened"), Type::Opened},
    {QLatin1String("refused"), Type::Refused},
    {QLatin1String("have"), Type::Have},
    {QLatin1String("gone"), Type::Gone},
    {QLatin1String("bye"), Type::Bye},
    {QLatin1String("waiting"), Type::Waiting},
}};

QList<QJsonObject> idLists(const QString &key, const QList<ConnectionId> &ids)
{
    QList<QJsonObject> messages;
    for (qsizetype first = 0; first < ids.size(); first += idsPerMessage) {
        QJsonArray array;
        for (const ConnectionId id : ids.mid(first, idsPerMessage))
            array.append(id.toString());
        messages.append({{key, array}});
    }
    return messages;
}

bool readIds(const QJsonValue &value, QList<ConnectionId> &ids)
{
    if (!value.isArray())
        return false;
    const QJsonArray array = value.toArray();
    ids.reserve(array.size());
    for (const auto &entry : array) {
        const auto id = ConnectionId::fromString(entry.toString());
        if (!id)
            return false;
        ids.append(*id);
    }
    return true;
}

} // namespace

QString printable(const QJsonValue &value)
{
    QString text = value.toString().left(maximumText);
    for (QChar &c : text) {
        if (!c.isPrint())
            c = QLatin1Char('?');
    }
    return text;
}

QJsonObject open(ConnectionId id, const QString &peer)
{
    return {{QStringLiteral("open"), id.toString()}, {QStringLiteral("peer"), peer}};
}

QJsonObject waiting(int visitors)
{
    return {{QStringLiteral("waiting"), visitors}};
}

QJsonObject opened(ConnectionId id)
{
    return {{QStringLiteral("opened"), id.toString()}};
}

QJsonObject refused(ConnectionId id, const QString &reason)
{
    return {{QStringLiteral("refused"), id.toString()}, {QStringLiteral("reason"), reason}};
}

QList<QJsonObject> have(const QList<ConnectionId> &ids)
{
    return idLists(QStringLiteral("have"), ids);
}

QList<QJsonObject> gone(const QList<ConnectionId> &ids)
{
    return idLists(QStringLiteral("gone"), ids);
}

QJsonObject bye(const QString &reason)
{
    return {{QStringLiteral("bye"), reason}};
}

Message read(const QJsonObject &object)
{
    for (const Name &name : names) {
        const QJsonValue value = object.value(name.key);
        if (value.isUndefined())
            continue;
        Message message{name.type, {}, {}, {}, 0};
        if (name.type == Type::Have || name.type == Type::Gone) {
            if (!readIds(value, message.ids))
                message.type = Type::Malformed;
        } else if (name.type == Type::Bye) {
            message.text = printable(value);
        } else if (name.type == Type::Waiting) {
            message.count = value.toInt(-1);
            if (message.count < 0)
                message.type = Type::Malformed;
        } else if (const auto id = ConnectionId::fromString(value.toString())) {
            message.id = *id;
            message.text =
                printable(object.value(name.type == Type::Open ? QLatin1String("peer") : QLatin1String("reason")));
        } else {
            message.type = Type::Malformed;
        }
        return message;
    }
    return {};
}

} // namespace Tunnel::Messages
