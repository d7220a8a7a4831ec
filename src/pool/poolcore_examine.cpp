// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The work of the I/O thread on connections: it examines received bytes, and ends connections that are due.

#include "../io/affinity.h"
#include "../io/descriptor.h"
#include "../io/iothread.h"
#include "poolcore.h"
#include "poolcore_perform.h"

#include <utility>

namespace Tidepool {

namespace {
// The time that the I/O thread spends on examinations before it turns to its other work.
constexpr std::chrono::milliseconds slice{1};
} // namespace

void PoolCore::setWatcher(std::shared_ptr<Watcher> watcher)
{
    const MutexLocker lock(m_mutex);
    m_watcher = std::move(watcher);
}

void PoolCore::expire()
{
    perform([now = momentNow()](PoolMachine &machine) { return machine.expire(now); });
}

PoolCore::Clock::time_point PoolCore::nextDeadline() const
{
    const MutexLocker lock(m_mutex);
    return m_machine.nextDeadline();
}

void PoolCore::leaveToIoThread(CheckedOut &out)
{
    {
        const MutexLocker lock(m_mutex);
        if (!m_port.ioThread)
            return;
        m_machine.leaveToIoThread(std::move(out));
    }
    postExaminations();
}

void PoolCore::postExaminations()
{
    std::shared_ptr<IoThread> ioThread;
    {
        const MutexLocker lock(m_mutex);
        if (!m_port.ioThread || !m_machine.hasToExamine() || std::exchange(m_isExaminationPosted, true))
            return;
        ioThread = m_port.ioThread;
    }
    // Not a weak pointer, because no other object owns these connections.
    ioThread->post([self = shared_from_this()] { self->examineSome(); });
}

void PoolCore::examineLater(quint64 token)
{
    std::shared_ptr<IoThread> ioThread;
    {
        const MutexLocker lock(m_mutex);
        ioThread = m_port.ioThread;
    }
    if (!ioThread)
        return;
    ioThread->post([weak = weak_from_this(), token] {
        if (const auto core = weak.lock())
            core->examineParked(token);
    });
}

// A readable connection is not necessarily dead. The bytes can be a session ticket, or the application's first message.
// The I/O thread moves the socket to itself, lets the socket process the bytes, and parks the connection again if it is
// still good.
void PoolCore::examineParked(quint64 token)
{
    {
        const MutexLocker lock(m_mutex);
        CheckedOut out = m_machine.examine(token);
        if (!out)
            return;
        unwatch(m_watcher, *out);
        m_machine.leaveToIoThread(std::move(out));
        if (std::exchange(m_isExaminationPosted, true))
            return;
    }
    examineSome();
}

// Other tasks of the I/O thread run in between, because bytes of a peer can be expensive to read.
void PoolCore::examineSome()
{
    const auto end = Clock::now() + slice;
    do {
        CheckedOut out;
        {
            const MutexLocker lock(m_mutex);
            out = m_machine.nextToExamine();
            m_isExaminationPosted = static_cast<bool>(out);
        }
        if (!out)
            return;
        examineStep(std::move(out));
    } while (Clock::now() < end);
    {
        const MutexLocker lock(m_mutex);
        m_isExaminationPosted = false;
    }
    postExaminations();
}

void PoolCore::examineStep(CheckedOut out)
{
    {
        const MutexLocker lock(m_mutex);
        out->examination.room = m_machine.readRoom();
    }
    QString text;
    const bool hadSpoken = out->hasSpoken;
    const Liveness seen = examineSocket(*out, text);
    const qint64 unread = out->hasEnded ? bytesWaiting(out->descriptor) : 0;
    const qint64 held = out->socket->bytesAvailable() + unread;
    const bool isNews = out->hasSpoken && !hadSpoken;
    {
        const MutexLocker lock(m_mutex);
        m_machine.examined(out, held, isNews, seen == Liveness::Unfinished && m_port.ioThread);
    }
    if (!out) {
        postExaminations();
    } else if (seen == Liveness::Dead || seen == Liveness::Flooded) {
        const EvictionCause byPeer = text.isEmpty() ? EvictionCause::PeerClosed : EvictionCause::SocketError;
        const EvictionCause cause = seen == Liveness::Flooded ? EvictionCause::ControlFlood : byPeer;
        perform([&, now = momentNow()](PoolMachine &machine) {
            return machine.evictExamined(std::move(out), cause, text, now);
        });
    } else {
        offer(std::move(out));
    }
}

Liveness PoolCore::examineSocket(Entry &entry, QString &text)
{
    QSslSocket &socket = *entry.socket;
    pullIntoThisThread(socket);
    const Liveness seen = examine(socket, entry.examination, Clock::now());
    entry.hasEnded = seen == Liveness::Ended;
    entry.hasSpoken = entry.hasSpoken || seen == Liveness::Spoke || seen == Liveness::Ended;
    if (seen == Liveness::Dead)
        text = faultOf(socket);
    pushToNoThread(socket);
    return seen;
}

} // namespace Tidepool
