// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <memory>

namespace Tunnel {

/// Converts SIGINT, SIGTERM and (on Unix) SIGHUP into a Qt signal, unless they are ignored. A second SIGINT or SIGTERM
/// ends the program at once. A program has only one object of this class.
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

/// Raises the maximum number of open files of this process as far as possible, and returns the number.
int raiseFileLimit();

} // namespace Tunnel
