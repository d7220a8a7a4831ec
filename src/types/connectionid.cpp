// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/connectionid.h>

#include <QtCore/QDebug>

#include <algorithm>

namespace Tidepool {

namespace {
constexpr int digits = 8;

bool isLowerHex(QChar c)
{
    return (c >= u'0' && c <= u'9') || (c >= u'a' && c <= u'f');
}
} // namespace

std::optional<ConnectionId> ConnectionId::fromString(QStringView text)
{
    if (text.size() != digits || !std::all_of(text.begin(), text.end(), isLowerHex))
        return std::nullopt;
    return ConnectionId(text.toUInt(nullptr, 16));
}

QString ConnectionId::toString() const
{
    return m_isValid ? QStringLiteral("%1").arg(m_value, digits, 16, QLatin1Char('0')) : QString();
}

QDebug operator<<(QDebug debug, ConnectionId id)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().noquote() << "ConnectionId(" << (id.isValid() ? id.toString() : QStringLiteral("null")) << ')';
    return debug;
}

} // namespace Tidepool
