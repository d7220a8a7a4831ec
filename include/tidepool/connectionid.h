// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QHashFunctions>
#include <QtCore/QMetaType>
#include <QtCore/QString>

#include <optional>

QT_FORWARD_DECLARE_CLASS(QDebug)

namespace Tidepool {

/// The four bytes that identify a connection at both of its ends.
///
/// The text form is always 8 lower-case hexadecimal digits. A value type, usable in any thread.
class TIDEPOOL_EXPORT ConnectionId
{
    Q_GADGET
    Q_PROPERTY(QString text READ toString)

public:
    /// The null id, which identifies no connection.
    constexpr ConnectionId() noexcept = default;
    constexpr explicit ConnectionId(quint32 value) noexcept : m_value(value), m_isValid(true) {}

    /// Parses 8 digits [0-9a-f]. Returns std::nullopt for any other text.
    static std::optional<ConnectionId> fromString(QStringView text);

    [[nodiscard]] constexpr bool isValid() const noexcept { return m_isValid; }
    /// The four bytes in network order, as a number.
    [[nodiscard]] constexpr quint32 value() const noexcept { return m_value; }
    /// 8 lower-case hexadecimal digits, or an empty string for the null id.
    [[nodiscard]] QString toString() const;

    friend constexpr bool operator==(ConnectionId a, ConnectionId b) noexcept
    {
        return a.m_value == b.m_value && a.m_isValid == b.m_isValid;
    }
    friend constexpr bool operator!=(ConnectionId a, ConnectionId b) noexcept { return !(a == b); }
    friend size_t qHash(ConnectionId id, size_t seed = 0) noexcept { return ::qHash(id.m_value, seed); }

private:
    quint32 m_value = 0;
    bool m_isValid = false;
};

/// `ConnectionId(00c0ffee)`, for qDebug() and for the messages of QCOMPARE().
TIDEPOOL_EXPORT QDebug operator<<(QDebug debug, ConnectionId id);

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::ConnectionId)
