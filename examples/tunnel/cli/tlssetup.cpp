// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tlssetup.h"

#include <QtCore/QFile>
#include <QtCore/QSaveFile>
#include <QtNetwork/QSslKey>

#include <openssl/err.h>

namespace Tunnel {

using Tidepool::TlsMode;

namespace {

QString cannot(const char *verb, const QString &what, const QFileDevice &file, const QString &remedy)
{
    return QStringLiteral("cannot %1 %2 %3: %4; %5")
        .arg(QString::fromLatin1(verb), what, file.fileName(), file.errorString(), remedy);
}

QSslKey parseKey(const QByteArray &pem)
{
    QSslKey key;
    for (const QSsl::KeyAlgorithm algorithm : {QSsl::Ec, QSsl::Rsa, QSsl::Dsa}) {
        key = QSslKey(pem, algorithm);
        if (!key.isNull())
            break;
    }
    // A failed attempt leaves errors in this thread's queue. The next live socket would report these errors as its own.
    ERR_clear_error();
    return key;
}

QList<QSslCertificate> readCertificates(const QString &fileName, const QString &what, QString *error)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly)) {
        *error = cannot("read", what, file, QStringLiteral("check the name and who may read it"));
        return {};
    }
    QList<QSslCertificate> certificates = QSslCertificate::fromData(file.readAll(), QSsl::Pem);
    ERR_clear_error();
    if (certificates.isEmpty())
        *error =
            QStringLiteral("%1 %2 holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)").arg(what, fileName);
    return certificates;
}

QSslKey readKey(const QString &fileName, QString *error)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly)) {
        *error = cannot("read", QStringLiteral("the private key"), file,
                        QStringLiteral("check the name and who may read it"));
        return {};
    }
    QSslKey key = parseKey(file.readAll());
    if (key.isNull()) {
        *error = QStringLiteral(
                     "%1 holds no RSA or EC private key in PEM form without a password (-----BEGIN PRIVATE KEY-----)")
                     .arg(fileName);
    }
    return key;
}

QString writeFile(const QString &fileName, const QByteArray &content, QFileDevice::Permissions permissions)
{
    QSaveFile file(fileName);
    const bool written = file.open(QIODevice::WriteOnly) && file.setPermissions(permissions)
        && file.write(content) == content.size() && file.commit();
    return written ? QString()
                   : cannot("write", QStringLiteral("the new file"), file, QStringLiteral("check the folder"));
}

QString makeFiles(const TlsChoice &choice)
{
    const Tidepool::CertificateAndKey made = Tidepool::makeSelfSignedCertificate();
    if (!made.error.isEmpty())
        return QStringLiteral("cannot make a certificate: %1").arg(made.error);
    const auto secret = QFileDevice::ReadOwner | QFileDevice::WriteOwner;
    const auto open = secret | QFileDevice::ReadGroup | QFileDevice::ReadOther;
    const QString error = writeFile(choice.keyFile, made.privateKey.toPem(), secret);
    return error.isEmpty() ? writeFile(choice.certificateFile, made.certificate.toPem(), open) : error;
}

} // namespace

TlsSetup serverTls(const TlsChoice &choice)
{
    TlsSetup setup;
    setup.options.mode = choice.mode;
    if (choice.certificateFile.isEmpty())
        return setup;
    const bool nothingThere = !QFile::exists(choice.certificateFile) && !QFile::exists(choice.keyFile);
    if (choice.mode == TlsMode::SelfSigned && nothingThere) {
        setup.error = makeFiles(choice);
        if (!setup.error.isEmpty())
            return setup;
        setup.notice =
            QStringLiteral("made a certificate, %1, and its key, %2").arg(choice.certificateFile, choice.keyFile);
    }
    setup.options.certificateChain =
        readCertificates(choice.certificateFile, QStringLiteral("the certificate"), &setup.error);
    if (setup.error.isEmpty())
        setup.options.privateKey = readKey(choice.keyFile, &setup.error);
    return setup;
}

TlsSetup clientTls(const TlsChoice &choice)
{
    TlsSetup setup;
    setup.options.mode = choice.mode;
    setup.options.hostName = choice.serverName;
    setup.options.pins = choice.pins;
    if (!choice.authoritiesFile.isEmpty()) {
        setup.options.certificateAuthorities =
            readCertificates(choice.authoritiesFile, QStringLiteral("the authorities' file"), &setup.error);
    }
    return setup;
}

} // namespace Tunnel
