// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "options.h"

#include <QtCore/QCommandLineParser>

#include <chrono>

namespace Tunnel {

/// Reads the options of one command one after the other. The first mistake is kept, with its remedy.
class OptionReader
{
public:
    /// @p withValue and @p flags are the names of the command's options, separated by spaces.
    OptionReader(const QString &command, const QString &withValue, const QString &flags);

    /// False if there is nothing more to do: see exit().
    [[nodiscard]] bool parse(const QStringList &arguments);

    [[nodiscard]] bool isSet(QLatin1String name) const { return m_parser.isSet(name); }
    [[nodiscard]] QString text(QLatin1String name) const { return m_parser.value(name); }
    [[nodiscard]] QStringList texts(QLatin1String name) const { return m_parser.values(name); }

    void require(QLatin1String name, QLatin1String example);
    // Each of these leaves the value, which is the default, as it is if the option is not set.
    void number(QLatin1String name, int &value, int minimum, int maximum);
    void milliseconds(QLatin1String name, std::chrono::milliseconds &value, int minimum, int maximum);
    void seconds(QLatin1String name, std::chrono::milliseconds &value, int minimum, int maximum);
    /// An address of this machine to listen on; without a host, @p defaultHost, or all addresses if that is empty.
    void listenEndpoint(QLatin1String name, Endpoint &value, const QString &defaultHost = {});
    /// Where to connect to; without a default host, the host is needed.
    void remoteEndpoint(QLatin1String name, Endpoint &value, const QString &defaultHost);

    void fail(const QString &mistake);
    [[nodiscard]] bool failed() const { return m_failed; }
    [[nodiscard]] Exit exit() const { return m_exit; }

private:
    const QString m_command;
    QCommandLineParser m_parser;
    Exit m_exit;
    bool m_failed = false;
};

} // namespace Tunnel
