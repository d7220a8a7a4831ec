// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../idle/affinity.h"
#include "../supply/descriptor.h"
#include "../supply/lane.h"
#include "poolcore.h"

#include <utility>

namespace Tidepool {

namespace {
// How long the lane looks at what has arrived before it turns to its other work.
constexpr std::chrono::milliseconds slice{1};
} // namespace

void PoolCore::unwatch(const std::shared_ptr<Watcher> &watcher, Entry &entry)
{
    if (watcher && entry.watch != 0)
        watcher->remove(entry.descriptor, std::exchange(entry.watch, 0));
}

// A taker is in its user's thread: it decrypts nothing, and does not wait either.
PoolCore::Look PoolCore::look(const Entry &entry, Unsolicited unsolicited)
{
    Look result;
    if (entry.hasSpoken && unsolicited == Unsolicited::Evict) {
        result.fault = EvictionCause::Unsolicited; // Keep was set when it spoke
        return result;
    }
    int systemError = 0;
    const Peek seen = peek(entry.descriptor, &systemError);
    result.hasBytes = seen == Peek::Bytes;
    if (systemError != 0) {
        result.fault = EvictionCause::SocketError;
        result.text = qt_error_string(systemError);
    } else if (seen == Peek::Quiet || entry.hasEnded) {
        return result;
    } else if (seen == Peek::Closed) {
        result.isKnown = !entry.hasSpoken;
        if (result.isKnown)
            result.fault = EvictionCause::PeerClosed;
    } else if (isReadToExamine(entry.isEncrypted) && !entry.examination.isFull) {
        result.isKnown = false;
    } else if (unsolicited == Unsolicited::Evict) {
        result.fault = EvictionCause::Unsolicited;
    } else {
        result.isKnown = !hasHungUp(entry.descriptor);
    }
    return result;
}

void PoolCore::leaveToLane(Entry &entry)
{
    keepPlace(entry);
    m_toExamine.push_back(entry.token());
    postExaminations();
}

// Nobody is let in instead while it is looked at.
void PoolCore::keepPlace(Entry &entry)
{
    if (!std::exchange(entry.hasPlace, true))
        ++m_reserved;
}

void PoolCore::postExaminations()
{
    if (!m_port.lane || m_toExamine.empty() || std::exchange(m_isExaminationPosted, true))
        return;
    // Not a weak pointer: these connections belong to nobody else.
    m_port.lane->post([self = shared_from_this()] { self->examineSome(); });
}

// Readable is not dead: it may be a session ticket, or the application speaking first. The lane pulls the socket, lets
// it process, and parks it again if it is still good.
void PoolCore::examineParked(quint64 token)
{
    {
        const Lock lock(m_mutex);
        Entry *entry = m_store.find(token);
        if (!entry || entry->state == Entry::State::Leased || entry->state == Entry::State::Ended)
            return; // taken meanwhile, or known
        if (entry->state == Entry::State::Checking) {
            entry->hasNews = true; // the watcher reports it once only
            return;
        }
        m_store.checkOut(entry);
        ++m_figures.checking;
        unwatch(m_watcher, *entry);
        keepPlace(*entry);
        m_toExamine.push_back(token);
        if (m_isExaminationPosted)
            return;
        m_isExaminationPosted = true;
    }
    examineSome();
}

// Others in the lane have their turn in between: a peer may send what is expensive to read.
void PoolCore::examineSome()
{
    const auto end = Clock::now() + slice;
    do {
        Entry *entry = nullptr;
        {
            const Lock lock(m_mutex);
            if (m_toExamine.empty()) {
                m_isExaminationPosted = false;
                return;
            }
            entry = m_store.find(m_toExamine.front());
            m_toExamine.pop_front();
        }
        examineStep(entry);
    } while (Clock::now() < end);
    const Lock lock(m_mutex);
    m_isExaminationPosted = false;
    postExaminations();
}

void PoolCore::examineStep(Entry *entry)
{
    quint64 generation = 0;
    {
        const Lock lock(m_mutex);
        generation = entry->generation;
        entry->examination.room = m_store.buffered() < pooledReadBuffers ? pooledReadBuffer : lessReadBuffer;
    }
    QString text;
    const bool hadSpoken = entry->hasSpoken;
    const Liveness seen = examineSocket(*entry, text);
    const qint64 unread = entry->hasEnded ? bytesWaiting(entry->descriptor) : 0;
    {
        const Lock lock(m_mutex);
        m_store.setBuffered(entry, entry->socket->bytesAvailable() + unread);
        const bool isNews = entry->hasSpoken && !hadSpoken && entry->isCounted;
        if (isNews && m_policy.unsolicited == Unsolicited::Keep)
            record(PoolEvent::Kind::Spoke, entry->id);
        if (seen == Liveness::Unfinished && m_port.lane && generation == m_figures.generation) {
            leaveToLane(*entry);
            return;
        }
    }
    if (seen == Liveness::Dead)
        evictExamined(entry, text.isEmpty() ? EvictionCause::PeerClosed : EvictionCause::SocketError, text);
    else if (seen == Liveness::Flooded)
        evictExamined(entry, EvictionCause::ControlFlood, {});
    else
        offer(entry, generation);
}

Liveness PoolCore::examineSocket(Entry &entry, QString &text)
{
    QSslSocket &socket = *entry.socket;
    pullIntoThisThread(socket);
    const Liveness seen = examine(socket, entry.examination);
    entry.hasEnded = seen == Liveness::Ended;
    entry.hasSpoken = entry.hasSpoken || seen == Liveness::Spoke || seen == Liveness::Ended;
    if (seen == Liveness::Dead)
        text = faultOf(socket);
    pushToNoThread(socket);
    return seen;
}

// One that was never parked counts as parked, for no time at all.
void PoolCore::evictExamined(Entry *entry, EvictionCause cause, const QString &text)
{
    QSslSocket *socket = nullptr;
    {
        const Lock lock(m_mutex);
        m_figures.parked += std::exchange(entry->isCounted, true) ? 0 : 1;
        socket = evict(entry, cause, text);
    }
    closeGently(socket);
    wakeSupply();
    changed();
}

} // namespace Tidepool
