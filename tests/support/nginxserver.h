// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/certificates.h"
#include "support/process.h"

#include <QtCore/QTemporaryDir>

#include <optional>

namespace TestSupport {

/// A real nginx in a directory of its own, on a free port of 127.0.0.1, gone when this object goes.
class NginxServer
{
public:
    struct Settings
    {
        std::optional<Credentials> tls; ///< TLS 1.3 with this certificate; plain HTTP if there is none.
        int headerTimeoutSeconds = 60; ///< How long it waits for the first request of a connection.
        int keepaliveTimeoutSeconds = 60; ///< How long it waits for a further one.
    };

    explicit NginxServer(const Settings &settings);

    /// Is nginx installed?
    [[nodiscard]] static bool isAvailable();
    /// Starts it. False on failure, see errorText().
    [[nodiscard]] bool start();
    void stop();
    [[nodiscard]] QString errorText() const { return m_errorText; }
    [[nodiscard]] quint16 port() const { return m_port; }

    /// Puts a file where the server finds it.
    void addPage(const QString &name, const QByteArray &content) const;

private:
    [[nodiscard]] QByteArray configuration() const;

    Settings m_settings;
    QTemporaryDir m_directory;
    std::optional<Process> m_process;
    QString m_errorText;
    quint16 m_port = 0;
};

} // namespace TestSupport
