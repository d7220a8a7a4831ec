// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "optionreader.h"

#include "helptexts.h"

namespace Tunnel {

OptionReader::OptionReader(const QString &command, const QString &withValue, const QString &flags) : m_command(command)
{
    for (const QString &name : withValue.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        m_parser.addOption(QCommandLineOption(name, {}, QStringLiteral("value")));
    for (const QString &name : flags.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        m_parser.addOption(QCommandLineOption(name));
    m_parser.addOption(QCommandLineOption(QStringList{QStringLiteral("h"), QStringLiteral("help")}));
}

bool OptionReader::parse(const QStringList &arguments)
{
    const bool understood = m_parser.parse(arguments);
    if (m_parser.isSet(QLatin1String("help"))) {
        m_exit = {0, commandHelp(m_command)};
        return false;
    }
    if (!understood) {
        fail(m_parser.errorText());
    } else if (!m_parser.positionalArguments().isEmpty()) {
        const QString stray = m_parser.positionalArguments().constFirst();
        fail(QStringLiteral("\"%1\" does not belong to any option; write --NAME VALUE.").arg(stray));
    }
    return !m_failed;
}

void OptionReader::require(QLatin1String name, QLatin1String example)
{
    if (!isSet(name))
        fail(QStringLiteral("--%1 is missing; for example --%1 %2").arg(name, example));
}

void OptionReader::number(QLatin1String name, int &value, int minimum, int maximum)
{
    if (!isSet(name))
        return;
    bool ok = false;
    const int number = text(name).toInt(&ok);
    if (ok && number >= minimum && number <= maximum) {
        value = number;
        return;
    }
    fail(QStringLiteral("--%1 \"%2\" is not a whole number from %3 to %4.")
             .arg(name, text(name), QString::number(minimum), QString::number(maximum)));
}

void OptionReader::milliseconds(QLatin1String name, std::chrono::milliseconds &value, int minimum, int maximum)
{
    auto count = static_cast<int>(value.count());
    number(name, count, minimum, maximum);
    value = std::chrono::milliseconds(count);
}

void OptionReader::seconds(QLatin1String name, std::chrono::milliseconds &value, int minimum, int maximum)
{
    auto count = static_cast<int>(value.count() / 1000);
    number(name, count, minimum, maximum);
    value = std::chrono::seconds(count);
}

void OptionReader::listenEndpoint(QLatin1String name, Endpoint &value, const QString &defaultHost)
{
    if (!isSet(name))
        return;
    const auto endpoint = parseEndpoint(text(name));
    if (endpoint && listenAddress(*endpoint)) {
        value = *endpoint;
        if (value.host.isEmpty())
            value.host = defaultHost;
        return;
    }
    const QString all = defaultHost.isEmpty() ? QStringLiteral(":8443") : QStringLiteral("*:8443");
    fail(
        QStringLiteral("--%1 \"%2\" is not ADDR:PORT with an address of this machine, like 127.0.0.1:8443, [::1]:8443, "
                       "or %3 for all its addresses.")
            .arg(name, text(name), all));
}

void OptionReader::remoteEndpoint(QLatin1String name, Endpoint &value, const QString &defaultHost)
{
    if (!isSet(name))
        return;
    if (text(name) == QLatin1String("HOST:PORT")) {
        fail(QStringLiteral("HOST:PORT stands for an address of yours; write, for example, --%1 127.0.0.1:8080")
                 .arg(name));
        return;
    }
    const auto endpoint = parseEndpoint(text(name));
    if (!endpoint || endpoint->port == 0 || (endpoint->host.isEmpty() && defaultHost.isEmpty())) {
        fail(
            QStringLiteral("--%1 \"%2\" is not HOST:PORT, like example.org:8443, 192.0.2.7:8443 or [2001:db8::1]:8443.")
                .arg(name, text(name)));
        return;
    }
    value = *endpoint;
    if (value.host.isEmpty())
        value.host = defaultHost;
}

void OptionReader::fail(const QString &mistake)
{
    if (m_failed)
        return;
    m_failed = true;
    m_exit = {2, QStringLiteral("tidepool %1: %2\nSee: tidepool %1 --help\n").arg(m_command, mistake)};
}

} // namespace Tunnel
