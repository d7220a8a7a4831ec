// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/tlsoptions.h>

#include <QtCore/QList>
#include <QtCore/QStringList>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslKey>

#include <memory>

namespace TestSupport {

/// A certificate with its key and the certificates that lead to its root, itself first.
struct Credentials
{
    QList<QSslCertificate> chain;
    QSslKey key;

    [[nodiscard]] QSslCertificate certificate() const { return chain.value(0); }
    /// Writes the chain and the key as PEM files and returns true if that worked.
    [[nodiscard]] bool save(const QString &certificateFile, const QString &keyFile) const;
};

/// What an issued certificate says.
struct Subject
{
    QStringList dnsNames;
    QStringList addresses;
    int validFromDays = -1; ///< Relative to today.
    int validToDays = 30; ///< Relative to today.
};

/// A root, an intermediate, and the certificates issued by the intermediate. All made in memory.
class Authority
{
public:
    Authority();
    ~Authority();
    Q_DISABLE_COPY_MOVE(Authority)

    [[nodiscard]] QSslCertificate root() const;
    /// A certificate for @p subject with the intermediate after it.
    [[nodiscard]] Credentials issue(const Subject &subject) const;
    /// For "localhost" and 127.0.0.1.
    [[nodiscard]] Credentials issueForLocalHost() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/// A self-signed one, from the library's own maker.
[[nodiscard]] Credentials selfSigned();

/// Writes @p certificates as one PEM file and returns true if that worked.
[[nodiscard]] bool saveCertificates(const QList<QSslCertificate> &certificates, const QString &file);

} // namespace TestSupport
