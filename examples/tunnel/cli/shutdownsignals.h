// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <memory>

namespace Tunnel {

/// Turns SIGINT, SIGTERM and (on Unix) SIGHUP into a Qt signal, unless they are ignored; a second SIGINT or SIGTERM
/// ends the program at once. One object in a program.
class ShutdownSignals : public QObject
{
    Q_OBJECT

public:
    explicit ShutdownSignals(QObject *parent = nullptr);
    ~ShutdownSignals() override;

signals:
    void requested();

private:
    class Private;
    std::unique_ptr<Private> d;
};

/// Raises the number of files this process may have open as far as it may, and returns it.
int raiseFileLimit();

} // namespace Tunnel
