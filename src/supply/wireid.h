// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/vocabulary.h>

#include <QtCore/QByteArray>

#include <optional>

namespace Tidepool {

/// How many bytes an id has on the wire.
[[nodiscard]] constexpr qsizetype wireSize(IdFormat format)
{
    return format == IdFormat::Hex8 ? 8 : 4;
}

[[nodiscard]] QByteArray toWire(ConnectionId id, IdFormat format);

/// Reads exactly wireSize() bytes; std::nullopt if they are no id.
[[nodiscard]] std::optional<ConnectionId> fromWire(const QByteArray &bytes, IdFormat format);

/// A fresh id from the operating system's random source.
[[nodiscard]] ConnectionId randomId();

} // namespace Tidepool
