// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/enums.h>

#include <QtCore/QByteArray>
#include <QtCore/QString>

#include <chrono>

namespace Tidepool {

/// What a pool knows about one of its connections: one entry of Pool::connections(). A value type, usable in any
/// thread.
class TIDEPOOL_EXPORT ConnectionRecord
{
    Q_GADGET
    Q_PROPERTY(Tidepool::ConnectionId id MEMBER id)
    Q_PROPERTY(bool taken MEMBER isTaken)
    Q_PROPERTY(QString peer MEMBER peer)
    Q_PROPERTY(QString cipher MEMBER cipher)
    Q_PROPERTY(qint64 ageMs READ ageMs)
    Q_PROPERTY(qint64 idleMs READ idleMs)

public:
    ConnectionId id;
    bool isTaken = false; ///< Taken, and a Connection still holds it; else it is parked.
    QString peer; ///< "address:port" of the other end, "[address]:port" if it is an IPv6 address.
    QString cipher; ///< "TLS_AES_256_GCM_SHA384" or the like; empty without TLS.
    QByteArray peerCertificate; ///< SHA-256 of the certificate that the peer showed; empty if it showed none.
    std::chrono::milliseconds age{0}; ///< Since it was established.
    std::chrono::milliseconds idle{0}; ///< Since it was parked, or taken.

    [[nodiscard]] qint64 ageMs() const { return age.count(); } ///< age, in milliseconds.
    [[nodiscard]] qint64 idleMs() const { return idle.count(); } ///< idle, in milliseconds.
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::ConnectionRecord)
