// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "options.h"

#include <QtCore/QCommandLineParser>

#include <chrono>

namespace Tunnel {

/// Reads the options of one command one after another. Keeps the first mistake, and what to do about it.
class OptionReader
{
public:
    /// @p withValue and @p flags are the names of the command's options, separated by spaces.
    OptionReader(const QString &command, const QString &withValue, const QString &flags);

    /// Returns false if the program must not continue: see exit().
    [[nodiscard]] bool parse(const QStringList &arguments);

    [[nodiscard]] bool isSet(QLatin1String name) const { return m_parser.isSet(name); }
    [[nodiscard]] QString text(QLatin1String name) const { return m_parser.value(name); }
    [[nodiscard]] QStringList texts(QLatin1String name) const { return m_parser.values(name); }

    void require(QLatin1String name, QLatin1String example);
    // Each of these functions leaves @p value, which holds the default, unchanged if the option is not set.
    void number(QLatin1String name, int &value, int minimum, int maximum);
    void milliseconds(QLatin1String name, std::chrono::milliseconds &value, int minimum, int maximum);
    void seconds(QLatin1String name, std::chrono::milliseconds &value, int minimum, int maximum);
    /// An address of this machine to listen on. Without a host, the host is @p defaultHost, or all addresses if that is
    /// empty.
    void listenEndpoint(QLatin1String name, Endpoint &value, const QString &defaultHost = {});
    /// The address to connect to. Without a default host, the user must name a host.
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
