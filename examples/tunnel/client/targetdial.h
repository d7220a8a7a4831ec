// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../endpoint.h"

#include <tidepool/connection.h>

#include <QtCore/QObject>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>

#include <chrono>
#include <memory>

namespace Tunnel {

/// Connects to the target for one visitor, and holds the visitor's pooled connection. Nothing is passed on before it is
/// certain that the server receives the confirmation: see confirm().
class TargetDial : public QObject
{
    Q_OBJECT

public:
    TargetDial(Tidepool::Connection pooled, const Endpoint &target, std::chrono::milliseconds timeout,
               QObject *parent = nullptr);
    ~TargetDial() override;

    /// Call this when it is certain that the server receives the confirmation.
    void confirm();
    [[nodiscard]] bool isConfirmed() const { return m_isConfirmed; }

    [[nodiscard]] Tidepool::Connection takePooled() { return std::move(m_pooled); }
    [[nodiscard]] std::unique_ptr<QTcpSocket> takeSocket();

signals:
    /// Both sides are connected and confirmed, and can be taken.
    void connected();
    /// @p reason says why it failed. The pooled connection closes with this object.
    void failed(const QString &reason);

private:
    void succeed();
    void fail(const QString &reason);

    Tidepool::Connection m_pooled;
    std::unique_ptr<QTcpSocket> m_socket; // without a parent, because a relay moves it to another thread
    QTimer m_deadline;
    bool m_done = false;
    bool m_isConnected = false;
    bool m_isConfirmed = false;
};

} // namespace Tunnel
