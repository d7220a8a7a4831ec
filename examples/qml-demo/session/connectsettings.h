// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "cli/options.h"
#include "client/tunnelclient.h"
#include "filecheck.h"

#include <QtCore/QObject>
#include <QtCore/QSettings>
#include <QtQml/qqmlregistration.h>

namespace Dashboard {

/// The values of the connect form: where the tunnel leads and how it is protected. All values except the secret are
/// stored in QSettings. The secret stays in memory.
///
/// Every ...Error is a sentence that says what to do, or empty.
class ConnectSettings : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("A session has one: use session.settings.")
    Q_PROPERTY(QString server READ server WRITE setServer NOTIFY changed)
    Q_PROPERTY(QString target READ target WRITE setTarget NOTIFY changed)
    Q_PROPERTY(int tlsMode READ tlsMode WRITE setTlsMode NOTIFY changed)
    Q_PROPERTY(QString pin READ pin WRITE setPin NOTIFY changed)
    Q_PROPERTY(QString serverName READ serverName WRITE setServerName NOTIFY changed)
    Q_PROPERTY(QString authoritiesFile READ authoritiesFile WRITE setAuthoritiesFile NOTIFY changed)
    Q_PROPERTY(QString secretFile READ secretFile WRITE setSecretFile NOTIFY changed)
    Q_PROPERTY(QString secret READ secret WRITE setSecret NOTIFY changed)
    Q_PROPERTY(int minimum READ minimum WRITE setMinimum NOTIFY changed)
    Q_PROPERTY(int maximum READ maximum WRITE setMaximum NOTIFY changed)
    Q_PROPERTY(QString serverError READ serverError NOTIFY changed)
    Q_PROPERTY(QString targetError READ targetError NOTIFY changed)
    Q_PROPERTY(QString pinError READ pinError NOTIFY changed)
    Q_PROPERTY(QString authoritiesError READ authoritiesError NOTIFY changed)
    Q_PROPERTY(QString secretError READ secretError NOTIFY changed)
    Q_PROPERTY(QString secretFileError READ secretFileError NOTIFY changed)
    Q_PROPERTY(QString boundsError READ boundsError NOTIFY changed)
    Q_PROPERTY(bool valid READ isValid NOTIFY changed)

public:
    static constexpr int mostConnections = 4'096;

    explicit ConnectSettings(QObject *parent = nullptr);

    /// "example.org:8443"
    [[nodiscard]] QString server() const { return m_server; }
    void setServer(const QString &server);
    /// "127.0.0.1:3000". Without a host: this machine.
    [[nodiscard]] QString target() const { return m_target; }
    void setTarget(const QString &target);
    /// A Tidepool::TlsMode. Default: SelfSigned.
    [[nodiscard]] int tlsMode() const { return static_cast<int>(m_tlsMode); }
    void setTlsMode(int mode);
    /// "sha256:" and 64 hexadecimal digits, or empty for no pin.
    [[nodiscard]] QString pin() const { return m_pin; }
    void setPin(const QString &pin);
    /// Verified: the name in the certificate, if it is not the server's host.
    [[nodiscard]] QString serverName() const { return m_serverName; }
    void setServerName(const QString &name);
    /// Verified: a file with the authorities to trust instead of the system's.
    [[nodiscard]] QString authoritiesFile() const { return m_authoritiesFile; }
    void setAuthoritiesFile(const QString &file);
    /// A file with the secret that both ends know. Not needed if secret() is set.
    [[nodiscard]] QString secretFile() const { return m_secretFile; }
    void setSecretFile(const QString &file);
    /// The secret itself. Never stored.
    [[nodiscard]] QString secret() const { return m_secret; }
    void setSecret(const QString &secret);
    /// The minimum number of connections to keep warm. Default: 8. Range: 1 to mostConnections.
    [[nodiscard]] int minimum() const { return m_bounds.minimumCapacity; }
    void setMinimum(int connections);
    /// The maximum number of connections to keep warm. Default: 64.
    [[nodiscard]] int maximum() const { return m_bounds.maximumCapacity; }
    void setMaximum(int connections);

    [[nodiscard]] QString serverError() const;
    [[nodiscard]] QString targetError() const;
    [[nodiscard]] QString pinError() const;
    [[nodiscard]] QString authoritiesError() const;
    [[nodiscard]] QString secretError() const;
    [[nodiscard]] QString secretFileError() const;
    [[nodiscard]] QString boundsError() const;
    [[nodiscard]] bool isValid() const { return firstError().isEmpty(); }

    /// The settings for a tunnel client. On failure, @p error says what to do.
    [[nodiscard]] Tunnel::ClientSettings toClientSettings(QString *error) const;

    /// The stored levels of the last pool of the tunnel @p name. Only the levels of one tunnel, the last one, are
    /// stored. Empty if that is another tunnel, or if the levels cannot be read. In the second case @p problem says
    /// why, otherwise @p problem is empty.
    [[nodiscard]] Tidepool::SizingLevels levels(const QString &name, QString *problem) const;
    void keepLevels(const QString &name, const Tidepool::SizingLevels &levels);

Q_SIGNALS:
    void changed();

private:
    template <typename Value>
    void assign(Value &member, const Value &value, const char *key);
    /// The first error in the order of the form.
    [[nodiscard]] QString firstError() const;
    [[nodiscard]] Tunnel::TlsChoice tlsChoice() const;

    QSettings m_store;
    QString m_server;
    QString m_target;
    Tidepool::TlsMode m_tlsMode = Tidepool::TlsMode::SelfSigned;
    QString m_pin;
    QString m_serverName;
    QString m_authoritiesFile;
    QString m_secretFile;
    QString m_secret;
    Tidepool::Bounds m_bounds;
    mutable FileCheck m_authoritiesCheck;
    mutable FileCheck m_secretCheck;
};

} // namespace Dashboard
