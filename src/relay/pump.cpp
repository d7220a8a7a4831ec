// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketpump.h"

#include <algorithm>

namespace Tidepool {

namespace {
// How long bytes that were read before the end may take to make progress towards the other side.
constexpr std::chrono::milliseconds closingTimeout{30'000};
} // namespace

Pump::Pump(std::shared_ptr<RelayState> state, std::chrono::milliseconds idleTimeout)
    : m_state(std::move(state)), m_idleTimeout(idleTimeout), m_lastProgress(std::chrono::steady_clock::now())
{
    m_idleTimer.setParent(this);
    m_idleTimer.setSingleShot(true);
    connect(&m_idleTimer, &QTimer::timeout, this, &Pump::checkIdle);
    if (m_idleTimeout.count() > 0)
        m_idleTimer.start(m_idleTimeout);
}

// The timer is not restarted for each chunk; it looks when it fires how long ago the last one was.
void Pump::noteProgress(int side, qint64 bytes)
{
    m_state->bytes[static_cast<size_t>(side)].fetch_add(bytes, std::memory_order_relaxed);
    m_lastProgress = std::chrono::steady_clock::now();
    m_state->announcer.announceInFrame();
}

void Pump::beginClosing()
{
    m_lastProgress = std::chrono::steady_clock::now();
    m_idleTimeout = m_idleTimeout.count() > 0 ? std::min(m_idleTimeout, closingTimeout) : closingTimeout;
    m_idleTimer.start(m_idleTimeout);
}

void Pump::checkIdle()
{
    const auto idle = std::chrono::steady_clock::now() - m_lastProgress;
    if (idle >= m_idleTimeout)
        finish(Relay::Reason::IdleTimeout);
    else
        m_idleTimer.start(std::chrono::ceil<std::chrono::milliseconds>(m_idleTimeout - idle));
}

void Pump::report(Relay::Reason reason, const QString &errorText)
{
    m_idleTimer.stop();
    m_state->end(reason, errorText);
    m_state->announcer.announce();
}

Relay::Reason Pump::closedReason(int side)
{
    return side == 0 ? Relay::Reason::FirstClosed : Relay::Reason::SecondClosed;
}

Relay::Reason Pump::failedReason(int side)
{
    return side == 0 ? Relay::Reason::FirstFailed : Relay::Reason::SecondFailed;
}

std::unique_ptr<Pump> makePump(PumpParts parts)
{
    if (auto pump = makeDirectPump(parts))
        return pump;
    return std::make_unique<SocketPump>(std::move(parts));
}

} // namespace Tidepool
