// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Connections whose peer may be gone. When a link is down, all connections over that link are dead, but no error is
// visible until somebody uses them. At the first sign, all parked connections therefore become suspects: the pool hands
// them out last, and the system probes their peers.

#include "poolmachine.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {

// The system probes a peer when nothing has arrived from it for a second, and again a second later. The rest of this
// time is a long round trip.
constexpr std::chrono::milliseconds answerTime{2'500};
// The time after a new connection has shown that the network works. In this time, each peer is probed twice more.
constexpr std::chrono::milliseconds proofTime{2'500};
// The resolution of the system's clock for the time of the peer's last packet.
constexpr std::chrono::milliseconds systemClockStep{10};
// The maximum number of suspects to check under the mutex at once. A probe takes nine system calls, a check takes one.
constexpr int looksAtOnce = 64;
constexpr std::chrono::milliseconds betweenLooks{20};
constexpr std::chrono::milliseconds betweenLateLooks{250};

} // namespace

// --- Signs

// The consequences wait for expire(), because thousands of connections can be affected.
void PoolMachine::noteSign()
{
    if (m_probe && !m_policy.isServer)
        m_alarm.noteSign();
}

void PoolMachine::noteDeath(EvictionCause cause, Clock::time_point now)
{
    if (cause != EvictionCause::SocketError && cause != EvictionCause::PeerClosed)
        return;
    const bool isWave = m_alarm.noteEnd(m_store.parkedCount(), now);
    if (isWave || cause == EvictionCause::SocketError)
        noteSign();
}

// --- Suspects

PoolMachine::Clock::time_point PoolMachine::nextLook() const
{
    return m_store.suspectCount() > 0 ? std::min(m_alarm.due(), m_nextLook) : m_alarm.due();
}

bool PoolMachine::suspectAll(Clock::time_point now)
{
    if (now < m_alarm.due())
        return false;
    const int before = m_store.suspectCount();
    if (isRunning())
        m_store.suspectAll(now);
    if (m_store.suspectCount() == before) {
        m_alarm.dismiss();
        return false;
    }
    m_alarm.raise(now);
    m_nextLook = now;
    return true;
}

void PoolMachine::trust(Entry *entry)
{
    if (const auto before = std::exchange(entry->probed, std::nullopt))
        m_probe->end(entry->descriptor, *before);
    if (entry->isSuspect)
        m_store.trust(entry);
}

bool PoolMachine::hasAnswered(const Entry &suspect, Clock::time_point now) const
{
    const auto silence = m_probe->silence(suspect.descriptor);
    return silence && *silence <= now - suspect.suspectedAt + systemClockStep;
}

// Returns true if the state of the suspect has changed.
bool PoolMachine::lookAt(Entry *suspect, const Moment &now, Actions &actions)
{
    if (!suspect->probed) {
        suspect->probed = m_probe->begin(suspect->descriptor);
        suspect->probedAt = now.steady;
        if (suspect->probed)
            return false;
        trust(suspect); // the state cannot be found out
    } else if (hasAnswered(*suspect, now.steady)) {
        trust(suspect);
    } else if (suspect->isOverdue) {
        const auto worksSince = m_alarm.worksSince();
        if (!worksSince || now.steady - std::max(*worksSince, suspect->probedAt) < proofTime)
            return false;
        m_store.checkOut(suspect);
        const QString text = QStringLiteral("no answer for %1 s, while new connections come up")
                                 .arg(std::chrono::floor<std::chrono::seconds>(now.steady - suspect->probedAt).count());
        actions.closeInIoThread.push_back(evict(out(suspect), EvictionCause::SocketError, text, now));
    } else if (now.steady - suspect->probedAt >= answerTime) {
        m_store.setOverdue(suspect);
        m_alarm.noteSilence();
    } else {
        return false;
    }
    return true;
}

bool PoolMachine::lookAtSuspects(const Moment &now, Actions &actions)
{
    bool isChanged = suspectAll(now.steady);
    if (m_store.suspectCount() == 0 || now.steady < m_nextLook)
        return isChanged;
    for (int left = std::min(m_store.suspectCount(), looksAtOnce); left > 0; --left) {
        if (Entry *suspect = m_store.nextSuspect())
            isChanged = lookAt(suspect, now, actions) || isChanged;
    }
    const bool areFew = m_store.suspectCount() <= looksAtOnce;
    const bool areOld = m_store.overdueCount() == m_store.suspectCount();
    m_nextLook = now.steady + (areOld && areFew ? betweenLateLooks : betweenLooks);
    return isChanged;
}

} // namespace Tidepool
