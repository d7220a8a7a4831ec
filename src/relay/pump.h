// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "relayend.h"
#include "relaystate.h"

#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <chrono>
#include <memory>

namespace Tidepool {

/// Moves a relay's bytes. Lives in the lane, owns both ends, and tells RelayState how it went.
///
/// Destroy it from a task of the lane, outside its sockets' signals.
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
    void report(Relay::Reason reason, const QString &errorText = {});
    /// The name of @p side's end by itself, or by its failure.
    [[nodiscard]] static Relay::Reason closedReason(int side);
    [[nodiscard]] static Relay::Reason failedReason(int side);

private:
    void checkIdle();

    std::shared_ptr<RelayState> m_state;
    std::chrono::milliseconds m_idleTimeout;
    std::chrono::steady_clock::time_point m_lastProgress;
    QTimer m_idleTimer;
};

/// What a pump is made of.
struct PumpParts
{
    std::array<RelayEnd, 2> ends;
    std::shared_ptr<RelayState> state;
    std::chrono::milliseconds idleTimeout;
};

/// The fastest pump for these two ends, which are in the calling thread, the lane.
[[nodiscard]] std::unique_ptr<Pump> makePump(PumpParts parts);

/// A pump on the bare descriptors, if both ends are plain TCP and the platform can do it. Else nullptr, and @p parts is
/// as it was.
[[nodiscard]] std::unique_ptr<Pump> makeDirectPump(PumpParts &parts);

} // namespace Tidepool
