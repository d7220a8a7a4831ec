// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pins.h"

#include "opensslerror.h"

#include <tidepool/tlsoptions.h>

#include <QtCore/QCryptographicHash>

#include <openssl/x509.h>

namespace Tidepool {

namespace {

constexpr qsizetype sha256Digits = 64;

QByteArray sha256(const QByteArray &data)
{
    return QCryptographicHash::hash(data, QCryptographicHash::Sha256);
}

// For an RSA or EC public key, QSslKey::toDer() returns the SubjectPublicKeyInfo. For Ed25519 and other keys that Qt
// calls opaque, it returns null. OpenSSL reads the SubjectPublicKeyInfo of any certificate.
QByteArray subjectPublicKeyInfo(const QSslCertificate &certificate)
{
    const OpenSslErrorQueueGuard guard;
    const QByteArray der = certificate.toDer();
    const auto *data = reinterpret_cast<const unsigned char *>(der.constData());
    X509 *x509 = d2i_X509(nullptr, &data, static_cast<long>(der.size()));
    if (!x509)
        return {};
    unsigned char *info = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &info);
    QByteArray result;
    if (size > 0)
        result = QByteArray(reinterpret_cast<const char *>(info), size);
    OPENSSL_free(info);
    X509_free(x509);
    return result;
}

QString fingerprint(const QByteArray &data)
{
    return QStringLiteral("sha256:") + QString::fromLatin1(sha256(data).toHex());
}

} // namespace

std::optional<Pins> Pins::parse(const QStringList &entries, QString *bad)
{
    Pins result;
    for (const QString &entry : entries) {
        QString digits = entry.trimmed().toLower();
        const bool hasPrefix = digits.startsWith(QLatin1String("sha256:"));
        digits = digits.mid(7).remove(QLatin1Char(':'));
        const QByteArray digest = QByteArray::fromHex(digits.toLatin1());
        if (!hasPrefix || digits.size() != sha256Digits || QString::fromLatin1(digest.toHex()) != digits) {
            *bad = entry;
            return std::nullopt;
        }
        result.m_digests.insert(digest);
    }
    return result;
}

bool Pins::match(const QSslCertificate &certificate) const
{
    if (certificate.isNull())
        return false;
    return m_digests.contains(sha256(certificate.toDer()))
        || m_digests.contains(sha256(subjectPublicKeyInfo(certificate)));
}

QString certificateFingerprint(const QSslCertificate &certificate)
{
    return certificate.isNull() ? QString() : fingerprint(certificate.toDer());
}

QString publicKeyFingerprint(const QSslCertificate &certificate)
{
    return certificate.isNull() ? QString() : fingerprint(subjectPublicKeyInfo(certificate));
}

} // namespace Tidepool
