// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "demochecksum.h"

#include <QtCore/QByteArray>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

namespace Tunnel {

// The demo's visitors and its target speak like this, both ways at once:
//   visitor  one byte: the variant of the data; then that data
//   target   the same data in the next variant; then the SHA-256 of what it got

/// Sends one variant of the data, as fast as the socket takes it.
class Outflow
{
public:
    Outflow(const DemoData &data, int variant) : m_data(data), m_variant(variant) {}

    /// Writes what fits now; true when everything was written.
    bool pump(QTcpSocket &socket);

private:
    const DemoData &m_data;
    int m_variant;
    qint64 m_position = 0;
};

/// The demo's service behind the tunnel.
class DemoTarget : public QTcpServer
{
    Q_OBJECT

public:
    explicit DemoTarget(const DemoData &data, QObject *parent = nullptr);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    const DemoData &m_data;
};

} // namespace Tunnel
