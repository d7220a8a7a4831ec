// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "wireid.h"

#include <QtCore/QRandomGenerator>
#include <QtCore/QtEndian>

namespace Tidepool {

QByteArray toWire(ConnectionId id, IdFormat format)
{
    if (format == IdFormat::Hex8)
        return id.toString().toLatin1();
    QByteArray bytes(wireSize(format), Qt::Uninitialized);
    qToBigEndian(id.value(), bytes.data());
    return bytes;
}

std::optional<ConnectionId> fromWire(const QByteArray &bytes, IdFormat format)
{
    if (bytes.size() != wireSize(format))
        return std::nullopt;
    if (format == IdFormat::Hex8)
        return ConnectionId::fromString(QString::fromLatin1(bytes));
    return ConnectionId(qFromBigEndian<quint32>(bytes.constData()));
}

ConnectionId randomId()
{
    return ConnectionId(QRandomGenerator::system()->generate());
}

} // namespace Tidepool
