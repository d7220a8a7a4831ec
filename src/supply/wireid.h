// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/enums.h>

#include <QtCore/QByteArray>

#include <optional>

namespace Tidepool {

/// How many bytes an id has on the wire. A server takes IdFormat::Auto as Hex8.
[[nodiscard]] constexpr qsizetype wireSize(IdFormat format)
{
    return format == IdFormat::Raw4 ? 4 : 8;
}

[[nodiscard]] QByteArray toWire(ConnectionId id, IdFormat format);

/// Reads exactly wireSize() bytes; std::nullopt if they are no id.
[[nodiscard]] std::optional<ConnectionId> fromWire(const QByteArray &bytes, IdFormat format);

/// What the first bytes mean that a server has sent.
struct FirstBytes
{
    enum class Meaning : quint8 {
        TooFew, ///< Nothing yet.
        Id, ///< An id of format.
        MaybeId, ///< An id of Raw4, unless more digits follow: those would make it one of Hex8.
        OtherFormat, ///< Not of the expected format, but most likely an id of format.
        NoId,
    };
    Meaning meaning = Meaning::TooFew;
    IdFormat format = IdFormat::Hex8;
    ConnectionId id;
};

/// Looks at what has come so far; 8 bytes decide in any case.
[[nodiscard]] FirstBytes readFirstBytes(const QByteArray &bytes, IdFormat expected);

/// A fresh id from the operating system's random source.
[[nodiscard]] ConnectionId randomId();

} // namespace Tidepool
