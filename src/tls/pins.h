// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QSet>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <optional>

QT_FORWARD_DECLARE_CLASS(QSslCertificate)

namespace Tidepool {

/// The set of SHA-256 digests that TlsOptions::pins describes.
class Pins
{
public:
    Pins() = default;

    /// Returns std::nullopt if an entry cannot be parsed. @p bad then names the entry.
    static std::optional<Pins> parse(const QStringList &entries, QString *bad);

    [[nodiscard]] bool isEmpty() const { return m_digests.isEmpty(); }
    /// True if the certificate or its public key has one of the digests.
    [[nodiscard]] bool match(const QSslCertificate &certificate) const;

private:
    QSet<QByteArray> m_digests;
};

} // namespace Tidepool
