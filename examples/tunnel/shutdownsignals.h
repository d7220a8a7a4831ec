// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <memory>

namespace Tunnel {

/// Turns SIGINT and SIGTERM into a Qt signal; the second of them ends the program at once. One object in a program.
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
