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

// After an alarm in which somebody did not answer. After a false one twice as long, and so on: an overloaded server,
// whose handshakes time out all the time, is not to be asked all the time.
constexpr std::chrono::seconds alarmPause{1};
constexpr std::chrono::seconds longestAlarmPause{60};
// Half of the parked ones died within so short a time, or twice that: what ended them may end the others.
constexpr std::chrono::seconds waveTime{1};
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
    m_alarm.hasSign = m_probe && !m_policy.isServer;
}

void PoolMachine::noteDeath(EvictionCause cause, Clock::time_point now)
{
    if (cause == EvictionCause::SocketError)
        noteSign();
    else if (cause != EvictionCause::PeerClosed)
        return;
    if (now - m_alarm.waveBegan > waveTime) {
        m_alarm.waveBefore = now - m_alarm.waveBegan > 2 * waveTime ? 0 : m_alarm.waveSize;
        m_alarm.waveBegan = now;
        m_alarm.waveSize = 0;
    }
    const int dead = ++m_alarm.waveSize + m_alarm.waveBefore;
    if (dead > 1 && dead >= m_store.parkedCount())
        noteSign();
}

// --- Suspects

PoolMachine::Clock::time_point PoolMachine::nextLook() const
{
    auto next = Clock::time_point::max();
    if (m_alarm.hasSign)
        next = m_alarm.mayComeAt;
    if (m_store.suspectCount() > 0)
        next = std::min(next, m_alarm.nextLook);
    return next;
}

bool PoolMachine::suspectAll(Clock::time_point now)
{
    if (!m_alarm.hasSign || now < m_alarm.mayComeAt)
        return false;
    m_alarm.hasSign = false;
    const int before = m_store.suspectCount();
    if (isRunning())
        m_store.suspectAll(now);
    if (m_store.suspectCount() == before)
        return false;
    const bool wasFalse = !std::exchange(m_alarm.hadSilence, false);
    m_alarm.pause =
        wasFalse ? std::clamp<Clock::duration>(2 * m_alarm.pause, alarmPause, longestAlarmPause) : alarmPause;
    m_alarm.mayComeAt = now + m_alarm.pause;
    m_alarm.nextLook = now;
    m_alarm.worksSince.reset();
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
        if (!m_alarm.worksSince || now.steady - std::max(*m_alarm.worksSince, suspect->probedAt) < proofTime)
            return false;
        m_store.checkOut(suspect);
        const QString text = QStringLiteral("no answer for %1 s, while new connections come up")
                                 .arg(std::chrono::floor<std::chrono::seconds>(now.steady - suspect->probedAt).count());
        actions.closeInIoThread.push_back(evict(out(suspect), EvictionCause::SocketError, text, now));
    } else if (now.steady - suspect->probedAt >= answerTime) {
        m_store.setOverdue(suspect);
        m_alarm.hadSilence = true;
    } else {
        return false;
    }
    return true;
}

bool PoolMachine::lookAtSuspects(const Moment &now, Actions &actions)
{
    bool isChanged = suspectAll(now.steady);
    if (m_store.suspectCount() == 0 || now.steady < m_alarm.nextLook)
        return isChanged;
    for (int left = std::min(m_store.suspectCount(), looksAtOnce); left > 0; --left) {
        if (Entry *suspect = m_store.nextSuspect())
            isChanged = lookAt(suspect, now, actions) || isChanged;
    }
    const bool areFew = m_store.suspectCount() <= looksAtOnce;
    const bool areOld = m_store.overdueCount() == m_store.suspectCount();
    m_alarm.nextLook = now.steady + (areOld && areFew ? betweenLateLooks : betweenLooks);
    return isChanged;
}

// A new connection came up. An older one that stays silent now is dead.
void PoolMachine::noteSuccess(Clock::time_point now)
{
    if (m_store.suspectCount() > 0 && !m_alarm.worksSince)
        m_alarm.worksSince = now;
}

} // namespace Tidepool
