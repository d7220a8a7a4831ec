// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "wireid.h"

#include <QtCore/QRandomGenerator>
#include <QtCore/QtEndian>

#include <algorithm>

namespace Tidepool {

namespace {
bool areHexDigits(const QByteArray &bytes)
{
    return std::ranges::all_of(bytes, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
} // namespace

QByteArray toWire(ConnectionId id, IdFormat format)
{
    if (format != IdFormat::Raw4)
        return id.toString().toLatin1();
    QByteArray bytes(wireSize(format), Qt::Uninitialized);
    qToBigEndian(id.value(), bytes.data());
    return bytes;
}

std::optional<ConnectionId> fromWire(const QByteArray &bytes, IdFormat format)
{
    if (bytes.size() != wireSize(format))
        return std::nullopt;
    if (format != IdFormat::Raw4)
        return ConnectionId::fromString(QString::fromLatin1(bytes));
    return ConnectionId(qFromBigEndian<quint32>(bytes.constData()));
}

// One Raw4 id in 65,536 looks like the beginning of a Hex8 one, and the other way round there is none.
FirstBytes readFirstBytes(const QByteArray &bytes, IdFormat expected)
{
    using Meaning = FirstBytes::Meaning;
    constexpr qsizetype raw = wireSize(IdFormat::Raw4);
    constexpr qsizetype hex = wireSize(IdFormat::Hex8);
    if (bytes.size() < raw)
        return {};
    const QByteArray first = bytes.left(hex);
    const auto rawId = fromWire(bytes.left(raw), IdFormat::Raw4).value();
    if (areHexDigits(first)) {
        if (first.size() < hex)
            return expected == IdFormat::Hex8 ? FirstBytes() : FirstBytes{Meaning::MaybeId, IdFormat::Raw4, rawId};
        return {expected == IdFormat::Raw4 ? Meaning::OtherFormat : Meaning::Id, IdFormat::Hex8,
                fromWire(first, IdFormat::Hex8).value()};
    }
    if (expected != IdFormat::Hex8)
        return {Meaning::Id, IdFormat::Raw4, rawId};
    if (first.size() == raw)
        return {Meaning::OtherFormat, IdFormat::Raw4, rawId};
    return {Meaning::NoId, IdFormat::Hex8, {}};
}

ConnectionId randomId()
{
    return ConnectionId(QRandomGenerator::system()->generate());
}

} // namespace Tidepool
