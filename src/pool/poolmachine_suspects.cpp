// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Connections whose peer may be gone. A link that is down takes all connections over it along, and each of them looks
// as good as ever until somebody uses it. So at the first sign all that are parked become suspects: they are handed out
// last, and the system asks their peers.

#include "poolmachine.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {

// A peer is asked when nothing has come from it for a second, and again a second later; the rest is a long round trip.
constexpr std::chrono::milliseconds answerTime{2'500};
// So long after a new connection has shown that the network works, each has been asked twice more.
constexpr std::chrono::milliseconds proofTime{2'500};
// Of the system's clock, which says when it has heard of the peer.
constexpr std::chrono::milliseconds systemClockStep{10};
// How many are looked at under the mutex at once. To ask takes nine system calls, to look one.
constexpr int looksAtOnce = 64;
constexpr std::chrono::milliseconds betweenLooks{20};
constexpr std::chrono::milliseconds betweenLateLooks{250};

} // namespace

// --- Signs

// What follows from it has to wait for expire(): there may be thousands.
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

// True if something about it has changed.
bool PoolMachine::lookAt(Entry *suspect, const Moment &now, Actions &actions)
{
    if (!suspect->probed) {
        suspect->probed = m_probe->begin(suspect->descriptor);
        suspect->probedAt = now.steady;
        if (suspect->probed)
            return false;
        trust(suspect); // nobody will ever know
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
