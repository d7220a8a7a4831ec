// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "visitor.h"

#include <QtCore/QTimer>
#include <QtNetwork/QTcpServer>

#include <functional>

namespace Tunnel {

/// The exposed address: accepts visitors and passes them to the server.
class PublicListener : public QTcpServer
{
    Q_OBJECT

public:
    using Receiver = std::function<void(Visitor)>;

    PublicListener(std::chrono::milliseconds patience, Receiver receiver, QObject *parent = nullptr);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    const std::chrono::milliseconds m_patience;
    const Receiver m_receiver;
    QTimer m_resume;
};

} // namespace Tunnel
