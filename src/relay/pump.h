// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "relayend.h"
#include "relaystate.h"

#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <chrono>

namespace Tidepool {

/// Moves a relay's bytes. Lives in the lane, owns both ends, and tells RelayState how it went.
class Pump : public QObject
{
    Q_OBJECT

public:
    ~Pump() override = default;
    virtual void start() = 0;

protected:
    Pump(std::shared_ptr<RelayState> state, std::chrono::milliseconds idleTimeout);

    /// A byte moved: the idle timeout starts again.
    void noteProgress(int side, qint64 bytes);
    /// Nothing more is to be read; what was read is still being sent, for a limited time.
    void beginClosing();
    virtual void finish(Relay::Reason reason, const QString &errorText = {}) = 0;
    void report(Relay::Reason reason, const QString &errorText);

private:
    void checkIdle();

    std::shared_ptr<RelayState> m_state;
    std::chrono::milliseconds m_idleTimeout;
    std::chrono::steady_clock::time_point m_lastProgress;
    QTimer m_idleTimer;
};

/// The pump for any two sockets, TLS included.
class SocketPump final : public Pump
{
    Q_OBJECT

public:
    SocketPump(RelayEnd first, RelayEnd second, std::shared_ptr<RelayState> state, std::chrono::milliseconds idleTimeout);
    ~SocketPump() override;

    void start() override;

protected:
    void finish(Relay::Reason reason, const QString &errorText = {}) override;

private:
    void watch(int side);
    void pump(int from);
    void onClosed(int side);
    void onError(int side);
    void closeOther();

    std::array<RelayEnd, 2> m_ends;
    std::array<QTcpSocket *, 2> m_sockets{};
    int m_closedSide = -1; ///< The one that closed first.
    bool m_isOver = false;
};

} // namespace Tidepool
