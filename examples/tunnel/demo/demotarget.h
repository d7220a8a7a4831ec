// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "demochecksum.h"

#include <QtCore/QByteArray>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

namespace Tunnel {

// The protocol between the demo's visitors and its target, in both directions at once:
//     visitor  one byte: the variant of the data. Then that data.
//     target   the same data in the next variant. Then the SHA-256 of the bytes that it received.

/// Sends one variant of the data, as fast as the socket accepts it.
class Outflow
{
public:
    Outflow(const DemoData &data, int variant) : m_data(data), m_variant(variant) {}

    /// Writes as much as fits now. Returns true when everything is written.
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
