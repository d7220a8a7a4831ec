// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "connectsettings.h"

#include "cli/secret.h"
#include "cli/tlssetup.h"

#include <QtCore/QDir>
#include <QtCore/QRegularExpression>

#include <algorithm>

namespace Dashboard {

using Tidepool::TlsMode;

namespace {

// The tunnel's server accepts no shorter secret.
constexpr int shortestSecret = 16;
constexpr auto group = "connect";

/// Parses the address to connect to. Returns std::nullopt if the text cannot be parsed. @p defaultHost replaces a
/// missing host.
std::optional<Tunnel::Endpoint> remote(const QString &text, const QString &defaultHost)
{
    auto endpoint = Tunnel::parseEndpoint(text);
    if (endpoint && endpoint->host.isEmpty())
        endpoint->host = defaultHost;
    if (!endpoint || endpoint->host.isEmpty() || endpoint->port == 0)
        return std::nullopt;
    return endpoint;
}

TlsMode toMode(int code)
{
    return code == 0 ? TlsMode::None : code == 2 ? TlsMode::Verified : TlsMode::SelfSigned;
}

/// Expands "~" like a shell, because users write it.
QString withHome(const QString &file)
{
    return file.startsWith(QLatin1String("~/")) ? QString(QDir::homePath() + file.mid(1)) : file;
}

constexpr QLatin1String thisMachine("127.0.0.1");
constexpr QLatin1String levelsKey("levels");
constexpr QLatin1String levelsNameKey("levelsOf");

} // namespace

ConnectSettings::ConnectSettings(QObject *parent) : QObject(parent)
{
    m_store.beginGroup(QLatin1String(group));
    m_server = m_store.value(QLatin1String("server")).toString();
    m_target = m_store.value(QLatin1String("target")).toString();
    m_tlsMode = toMode(m_store.value(QLatin1String("tlsMode"), static_cast<int>(m_tlsMode)).toInt());
    m_pin = m_store.value(QLatin1String("pin")).toString();
    m_serverName = m_store.value(QLatin1String("serverName")).toString();
    m_authoritiesFile = m_store.value(QLatin1String("authoritiesFile")).toString();
    m_secretFile = m_store.value(QLatin1String("secretFile")).toString();
    m_bounds.minimumCapacity =
        std::clamp(m_store.value(QLatin1String("minimum"), m_bounds.minimumCapacity).toInt(), 1, mostConnections);
    m_bounds.maximumCapacity =
        std::clamp(m_store.value(QLatin1String("maximum"), m_bounds.maximumCapacity).toInt(), 1, mostConnections);
}

template <typename Value>
void ConnectSettings::assign(Value &member, const Value &value, const char *key)
{
    if (member == value)
        return;
    member = value;
    if constexpr (std::is_enum_v<Value>)
        m_store.setValue(QLatin1String(key), static_cast<int>(value));
    else
        m_store.setValue(QLatin1String(key), value);
    emit changed();
}

void ConnectSettings::setServer(const QString &server)
{
    assign(m_server, server.trimmed(), "server");
}

void ConnectSettings::setTarget(const QString &target)
{
    assign(m_target, target.trimmed(), "target");
}

void ConnectSettings::setTlsMode(int mode)
{
    assign(m_tlsMode, toMode(mode), "tlsMode");
}

void ConnectSettings::setPin(const QString &pin)
{
    assign(m_pin, pin.trimmed(), "pin");
}

void ConnectSettings::setServerName(const QString &name)
{
    assign(m_serverName, name.trimmed(), "serverName");
}

void ConnectSettings::setAuthoritiesFile(const QString &file)
{
    assign(m_authoritiesFile, file.trimmed(), "authoritiesFile");
}

void ConnectSettings::setSecretFile(const QString &file)
{
    assign(m_secretFile, file.trimmed(), "secretFile");
}

void ConnectSettings::setSecret(const QString &secret)
{
    if (m_secret == secret)
        return;
    m_secret = secret;
    emit changed();
}

void ConnectSettings::setMinimum(int connections)
{
    assign(m_bounds.minimumCapacity, connections, "minimum");
}

void ConnectSettings::setMaximum(int connections)
{
    assign(m_bounds.maximumCapacity, connections, "maximum");
}

QString ConnectSettings::serverError() const
{
    if (m_server.isEmpty())
        return tr("Enter the server's address, like example.org:8443.");
    return remote(m_server, {}) ? QString() : tr("Write it as HOST:PORT, like example.org:8443 or [2001:db8::1]:8443.");
}

QString ConnectSettings::targetError() const
{
    if (m_target.isEmpty())
        return tr("Enter the service that visitors get, like 127.0.0.1:3000.");
    return remote(m_target, thisMachine) ? QString()
                                         : tr("Write it as HOST:PORT, or :3000 for a port of this machine.");
}

QString ConnectSettings::pinError() const
{
    static const QRegularExpression form(QStringLiteral("^sha256:(?:[0-9A-Fa-f]{2}:?){32}$"));
    if (m_pin.isEmpty() || m_tlsMode == TlsMode::None || form.match(m_pin).hasMatch())
        return {};
    return tr("Write it as sha256: and 64 hexadecimal digits; the server prints it when it starts.");
}

QString ConnectSettings::authoritiesError() const
{
    if (m_tlsMode != TlsMode::Verified || m_authoritiesFile.isEmpty())
        return {};
    return m_authoritiesCheck.mistakeIn(withHome(m_authoritiesFile), [](const QString &file) {
        Tunnel::TlsChoice choice;
        choice.mode = TlsMode::Verified;
        choice.authoritiesFile = file;
        return Tunnel::clientTls(choice).error.isEmpty()
            ? QString()
            : tr("There is no certificate in this file. Name one in PEM form, with -----BEGIN CERTIFICATE-----.");
    });
}

QString ConnectSettings::secretError() const
{
    if (m_secret.isEmpty() && m_secretFile.isEmpty())
        return tr("Enter the secret that the server prints, or name a file that holds it.");
    if (!m_secret.isEmpty() && m_secret.toUtf8().size() < shortestSecret)
        return tr("A secret has at least %1 characters; make one with: openssl rand -hex 32").arg(shortestSecret);
    return {};
}

QString ConnectSettings::secretFileError() const
{
    if (!m_secret.isEmpty() || m_secretFile.isEmpty())
        return {};
    return m_secretCheck.mistakeIn(withHome(m_secretFile), [](const QString &file) {
        return Tunnel::loadSecret(file).error.isEmpty()
            ? QString()
            : tr("The first line of this file is no secret: it needs at least %1 characters. Make one with: openssl "
                 "rand -hex 32")
                  .arg(shortestSecret);
    });
}

QString ConnectSettings::boundsError() const
{
    const auto inRange = [](int value) { return value >= 1 && value <= mostConnections; };
    if (!inRange(minimum()) || !inRange(maximum()))
        return tr("Both are from 1 to %1.").arg(mostConnections);
    return minimum() > maximum() ? tr("The first must not be larger than the second.") : QString();
}

QString ConnectSettings::firstError() const
{
    for (const QString &mistake : {serverError(), targetError(), pinError(), authoritiesError(), secretError(),
                                   secretFileError(), boundsError()}) {
        if (!mistake.isEmpty())
            return mistake;
    }
    return {};
}

Tunnel::TlsChoice ConnectSettings::tlsChoice() const
{
    Tunnel::TlsChoice choice;
    choice.mode = m_tlsMode;
    if (m_tlsMode == TlsMode::Verified) {
        choice.serverName = m_serverName;
        choice.authoritiesFile = withHome(m_authoritiesFile);
    }
    if (m_tlsMode != TlsMode::None && !m_pin.isEmpty())
        choice.pins = QStringList{m_pin};
    return choice;
}

Tunnel::ClientSettings ConnectSettings::toClientSettings(QString *error) const
{
    *error = firstError();
    if (!error->isEmpty())
        return {};
    const Tunnel::TlsSetup tls = Tunnel::clientTls(tlsChoice());
    const Tunnel::Secret secret =
        m_secret.isEmpty() ? Tunnel::loadSecret(withHome(m_secretFile)) : Tunnel::Secret{m_secret.toUtf8(), {}};
    // A file can have changed since the check.
    *error = tls.error.isEmpty() ? secret.error : tls.error;
    if (!error->isEmpty())
        return {};

    Tunnel::ClientSettings settings;
    settings.server = *remote(m_server, {});
    settings.target = *remote(m_target, thisMachine);
    settings.bounds = m_bounds;
    settings.tls = tls.options;
    settings.secret = secret.value;
    return settings;
}

Tidepool::SizingLevels ConnectSettings::levels(const QString &name, QString *problem) const
{
    problem->clear();
    const QByteArray text = m_store.value(levelsKey).toString().toUtf8();
    if (text.isEmpty() || m_store.value(levelsNameKey).toString() != name)
        return {};
    return Tidepool::SizingLevels::fromText(text, problem).value_or(Tidepool::SizingLevels());
}

void ConnectSettings::keepLevels(const QString &name, const Tidepool::SizingLevels &levels)
{
    m_store.setValue(levelsNameKey, name);
    m_store.setValue(levelsKey, QString::fromUtf8(levels.toText()));
}

} // namespace Dashboard
