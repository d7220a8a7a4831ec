// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "settingstypes.h"

#include "milliseconds.h"

#include <QtCore/QFile>
#include <QtCore/QLoggingCategory>
#include <QtCore/QUrl>

#include <algorithm>
#include <limits>

namespace Tidepool::Qml {

namespace {

template <typename Duration>
int toMs(Duration duration)
{
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<int>(std::clamp<qint64>(milliseconds, 0, std::numeric_limits<int>::max()));
}

std::chrono::seconds wholeSeconds(double milliseconds)
{
    return std::chrono::ceil<std::chrono::seconds>(fromMs(milliseconds));
}

void warn(const QString &what)
{
    qWarning("Tidepool: %ls", qUtf16Printable(what));
}

QByteArray readPem(const QString &pemOrFile)
{
    if (pemOrFile.contains(QStringView(u"-----BEGIN ")))
        return pemOrFile.toLatin1();
    const QUrl url(pemOrFile);
    QString name = pemOrFile;
    if (url.isLocalFile())
        name = url.toLocalFile();
    else if (url.scheme() == QStringView(u"qrc"))
        name = QLatin1Char(':') + url.path();
    QFile file(name);
    if (file.open(QIODevice::ReadOnly))
        return file.readAll();
    warn(QStringLiteral("Cannot read %1: %2.").arg(name, file.errorString()));
    return {};
}

// A null certificate stands for a certificate that cannot be read. The pool then refuses to work, instead of trusting
// other certificates.
QList<QSslCertificate> readCertificates(const QString &pemOrFile)
{
    if (pemOrFile.isEmpty())
        return {};
    const QByteArray pem = readPem(pemOrFile);
    QList<QSslCertificate> certificates = QSslCertificate::fromData(pem, QSsl::Pem);
    if (certificates.isEmpty()) {
        if (!pem.isEmpty())
            warn(QStringLiteral("There is no PEM certificate in what tls got."));
        certificates.append(QSslCertificate());
    }
    return certificates;
}

QString toPem(const QList<QSslCertificate> &certificates)
{
    QByteArray pem;
    for (const QSslCertificate &certificate : certificates)
        pem += certificate.toPem();
    return QString::fromLatin1(pem);
}

} // namespace

int TimeoutsExtension::takeMs() const
{
    return toMs(v.take);
}

void TimeoutsExtension::setTakeMs(double milliseconds)
{
    v.take = fromMs(milliseconds);
}

int TimeoutsExtension::resolveMs() const
{
    return toMs(v.resolve);
}

void TimeoutsExtension::setResolveMs(double milliseconds)
{
    v.resolve = fromMs(milliseconds);
}

int TimeoutsExtension::dialMs() const
{
    return toMs(v.dial);
}

void TimeoutsExtension::setDialMs(double milliseconds)
{
    v.dial = fromMs(milliseconds);
}

int TimeoutsExtension::handshakeMs() const
{
    return toMs(v.handshake);
}

void TimeoutsExtension::setHandshakeMs(double milliseconds)
{
    v.handshake = fromMs(milliseconds);
}

int TimeoutsExtension::identifyMs() const
{
    return toMs(v.identify);
}

void TimeoutsExtension::setIdentifyMs(double milliseconds)
{
    v.identify = fromMs(milliseconds);
}

int LifetimesExtension::maximumLifetimeMs() const
{
    return toMs(v.maximumLifetime);
}

void LifetimesExtension::setMaximumLifetimeMs(double milliseconds)
{
    v.maximumLifetime = fromMs(milliseconds);
}

int LifetimesExtension::maximumIdleMs() const
{
    return toMs(v.maximumIdle);
}

void LifetimesExtension::setMaximumIdleMs(double milliseconds)
{
    v.maximumIdle = fromMs(milliseconds);
}

int KeepAliveExtension::idleMs() const
{
    return toMs(v.idle);
}

void KeepAliveExtension::setIdleMs(double milliseconds)
{
    v.idle = wholeSeconds(milliseconds);
}

int KeepAliveExtension::intervalMs() const
{
    return toMs(v.interval);
}

void KeepAliveExtension::setIntervalMs(double milliseconds)
{
    v.interval = wholeSeconds(milliseconds);
}

int KeepAliveExtension::userTimeoutMs() const
{
    return toMs(v.userTimeout);
}

void KeepAliveExtension::setUserTimeoutMs(double milliseconds)
{
    v.userTimeout = fromMs(milliseconds);
}

void KeepAliveExtension::setCount(double count)
{
    v.count = toInt(count);
}

int BackoffExtension::baseMs() const
{
    return toMs(v.base);
}

void BackoffExtension::setBaseMs(double milliseconds)
{
    v.base = fromMs(milliseconds);
}

int BackoffExtension::capMs() const
{
    return toMs(v.cap);
}

void BackoffExtension::setCapMs(double milliseconds)
{
    v.cap = fromMs(milliseconds);
}

int RecoveryExtension::quietTimeMs() const
{
    return toMs(v.quietTime);
}

void RecoveryExtension::setQuietTimeMs(double milliseconds)
{
    v.quietTime = fromMs(milliseconds);
}

QString TlsOptionsExtension::authorities() const
{
    return toPem(v.certificateAuthorities);
}

void TlsOptionsExtension::setAuthorities(const QString &pemOrFile)
{
    v.certificateAuthorities = readCertificates(pemOrFile);
}

QString TlsOptionsExtension::certificate() const
{
    return toPem(v.certificateChain);
}

void TlsOptionsExtension::setCertificate(const QString &pemOrFile)
{
    v.certificateChain = readCertificates(pemOrFile);
}

void TlsOptionsExtension::setPrivateKey(const QString &pemOrFile)
{
    v.privateKey = QSslKey();
    if (pemOrFile.isEmpty())
        return;
    const QByteArray pem = readPem(pemOrFile);
    for (const QSsl::KeyAlgorithm algorithm : {QSsl::Ec, QSsl::Rsa, QSsl::Dsa}) {
        v.privateKey = QSslKey(pem, algorithm, QSsl::Pem, QSsl::PrivateKey);
        if (!v.privateKey.isNull())
            return;
    }
    if (!pem.isEmpty())
        warn(QStringLiteral("There is no usable PEM private key in what tls.privateKey got."));
}

} // namespace Tidepool::Qml
