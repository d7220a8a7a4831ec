// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "acceptor.h"

#include "../io/descriptor.h"
#include "../io/iothread.h"
#include "../io/socketoptions.h"

#include <algorithm>
#include <vector>

namespace Tidepool {

namespace {
// Silent clients allowed for each handshake place: they only cost a descriptor.
constexpr size_t silentPerHandshake = 4;
// The part of the handshakes that may be under way even if there is less room.
constexpr int handshakesPerSpare = 4;
// What a client gets for its first word, and again for its handshake, when others are waiting for its place. TLS 1.3
// needs one round trip for either.
constexpr std::chrono::milliseconds grace{1'000};
// After an accept error, mostly for want of descriptors, when to try again.
constexpr std::chrono::milliseconds acceptPause{100};
} // namespace

Acceptor::Acceptor(std::shared_ptr<ConnectionSink> sink, AcceptorSettings settings, const TlsConfiguration &tls,
                   std::unique_ptr<Listener> listener, const std::shared_ptr<IoThread> &ioThread)
    : m_sink(std::move(sink))
    , m_settings(std::make_shared<const AcceptorSettings>(std::move(settings)))
    , m_tls(std::make_shared<const TlsConfiguration>(tls))
    , m_listener(std::move(listener))
    , m_isSpread(ioThread != nullptr)
    , m_ioThread(ioThread)
{
    m_tls->advise(m_advice, QStringLiteral("A server pool"));
    m_listener->setParent(this); // so that they move to the I/O thread with this
    m_resumeTimer.setParent(this);
    m_resumeTimer.setSingleShot(true);
    connect(&m_resumeTimer, &QTimer::timeout, this, [this] {
        m_isStarved = false;
        acceptOrHold();
    });
    m_graceTimer.setParent(this);
    m_graceTimer.setSingleShot(true);
    connect(&m_graceTimer, &QTimer::timeout, this, &Acceptor::beginHandshakes);
    connect(m_listener.get(), &Listener::acceptFailed, this, &Acceptor::onAcceptFailed);
    m_listener->pauseAccepting(); // on the way to the I/O thread
}

Acceptor::~Acceptor() = default;

void Acceptor::start()
{
    m_isStarted = true;
    m_listener->start([this](qintptr descriptor) { onIncoming(descriptor); });
    acceptOrHold();
}

void Acceptor::setPaused(bool paused)
{
    m_isPaused = paused;
    acceptOrHold();
}

void Acceptor::setSettings(const AcceptorSettings &settings, const TlsConfiguration &tls,
                           std::optional<quint64> newGeneration)
{
    m_settings = std::make_shared<const AcceptorSettings>(settings);
    m_tls = std::make_shared<const TlsConfiguration>(tls);
    m_tls->advise(m_advice, QStringLiteral("A server pool"));
    if (newGeneration) {
        setGeneration(*newGeneration);
        abandon(); // before they are told an id: they would be dropped in the end
    }
    refuseUnderWay();
    beginHandshakes(); // there may be more places
}

// Those whom the new settings do not let in.
void Acceptor::refuseUnderWay()
{
    std::vector<InboundConnection *> unwanted;
    for (const auto &[inbound, entry] : m_inbound) {
        if (!m_settings->allowedClients.admits(inbound->peer().address))
            unwanted.push_back(inbound);
    }
    for (InboundConnection *inbound : unwanted) {
        m_sink->clientRefused();
        remove(inbound);
    }
}

void Acceptor::abandon()
{
    for (const auto &thread : m_otherThreads)
        thread->dropAll();
    m_silent.clear();
    m_queued.clear();
    m_handshaking.clear();
    m_inbound.clear();
    acceptOrHold(); // there may be room again
}

// Whoever connects now is refused by the system at once, instead of waiting in the backlog.
void Acceptor::retire()
{
    Supply::retire();
    m_listener->end();
}

std::vector<std::shared_ptr<IoThread>> Acceptor::otherIoThreads() const
{
    std::vector<std::shared_ptr<IoThread>> ioThreads;
    for (const auto &thread : m_otherThreads)
        ioThreads.push_back(thread->ioThread());
    return ioThreads;
}

void Acceptor::onIncoming(qintptr descriptor)
{
    const Peer peer = peerOf(descriptor);
    if (!m_settings->allowedClients.admits(peer.address)) {
        closeDescriptor(descriptor); // before any TLS
        m_sink->clientRefused();
        return;
    }
    if (peer.address.isNull()) {
        const PoolError error(Phase::Accept, ErrorKind::PeerClosed,
                              QStringLiteral("A client left before it was accepted."));
        closeDescriptor(descriptor);
        m_log.failure(error);
        m_sink->attemptFailed(error);
        return;
    }
    if (m_sink->room() <= 0) {
        closeDescriptor(descriptor);
        m_sink->clientOverflowed();
        return;
    }
    applyKeepAlive(descriptor, m_settings->keepAlive);
    receive(descriptor, peer);
}

void Acceptor::receive(qintptr descriptor, const Peer &peer)
{
    makeRoomAmongSilent();
    auto made =
        std::make_unique<InboundConnection>(m_sink, InboundPlan{m_settings, m_tls, generation()}, descriptor, peer);
    InboundConnection *inbound = made.get();
    connect(inbound, &InboundConnection::spoke, this, &Acceptor::onSpoke);
    connect(inbound, &InboundConnection::finished, this, &Acceptor::onFinished, Qt::QueuedConnection);
    connect(inbound, &InboundConnection::failed, this, &Acceptor::onFailed, Qt::QueuedConnection);
    Entry &entry = m_inbound[inbound];
    entry.inbound = std::move(made);
    entry.line = m_tls->mode == TlsMode::None ? &m_handshaking : &m_silent;
    entry.place = entry.line->insert(entry.line->end(), inbound);
    entry.movedAt = std::chrono::steady_clock::now();
    inbound->start();
    acceptOrHold();
}

size_t Acceptor::silentLimit() const
{
    return silentPerHandshake * static_cast<size_t>(std::max(1, m_settings->maximumHandshakes));
}

// An unknown client can open connections and say nothing. Instead of letting them keep others out until their deadline,
// the oldest silent ones make room: a client that means it speaks within a round trip.
void Acceptor::makeRoomAmongSilent()
{
    while (m_silent.size() >= silentLimit()) {
        m_sink->clientOverflowed();
        remove(m_silent.front());
    }
}

// When all silent ones are so young that they may be a burst of honest clients, the next wait in the backlog.
void Acceptor::acceptOrHold()
{
    if (m_isPaused || !m_isStarted || m_isStarved) {
        m_listener->hold();
        return;
    }
    if (m_silent.size() >= silentLimit()) {
        const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                                               - m_silent.front()->begunAt());
        if (age < grace) {
            m_listener->hold();
            m_resumeTimer.start(grace - age);
            return;
        }
    }
    if (m_queued.size() >= silentLimit()) {
        m_listener->hold(); // until beginHandshakes() has taken some
        return;
    }
    m_listener->unhold();
}

void Acceptor::onSpoke(InboundConnection *inbound)
{
    const auto found = m_inbound.find(inbound);
    if (found == m_inbound.end())
        return;
    moveTo(found->second, m_queued);
    if (m_isSpread) // it may go to another thread, and this is inside its own slot
        QMetaObject::invokeMethod(this, &Acceptor::beginHandshakes, Qt::QueuedConnection);
    else
        beginHandshakes();
}

void Acceptor::beginHandshakes()
{
    while (!m_queued.empty()) {
        const int room = m_sink->room();
        InboundConnection *next = m_queued.front();
        if (room <= 0) { // it would be turned away behind its handshake
            m_sink->clientOverflowed();
            remove(next);
            continue;
        }
        if (m_handshaking.size() >= handshakeLimit(room) && !makeRoomAmongHandshakes())
            break;
        Entry &entry = m_inbound[next];
        moveTo(entry, m_handshaking);
        beginHandshake(entry);
    }
    acceptOrHold();
}

void Acceptor::beginHandshake(Entry &entry)
{
    joinOtherThreads();
    HandshakeThread *thread = entry.inbound->isOver() ? nullptr : leastBusyThread();
    if (!thread) {
        entry.inbound->beginHandshake();
        return;
    }
    entry.thread = thread;
    entry.inbound->disconnect(this);
    thread->begin(std::move(entry.inbound));
}

// Not before the first handshake, because they may have to be made for it.
void Acceptor::joinOtherThreads()
{
    const auto own = m_ioThread.lock();
    m_ioThread.reset();
    if (!own)
        return;
    for (auto &ioThread : IoThread::acquireOthers(IoThread::Use::Pools, own))
        m_otherThreads.push_back(std::make_shared<HandshakeThread>(
            std::move(ioThread), own, [this](auto inbound) { onReturned(std::move(inbound)); }));
}

// nullptr for the pool's own. That is the first choice as long as it has none, because it needs no way there and back.
// Then it gets half of what others have: they wait for it whenever one is over, and each signature of its own holds it
// up.
HandshakeThread *Acceptor::leastBusyThread() const
{
    size_t own = m_handshaking.size() - 1; // but for the one that begins
    HandshakeThread *choice = nullptr;
    for (const auto &thread : m_otherThreads) {
        own -= thread->underWay();
        if (!choice || thread->underWay() < choice->underWay())
            choice = thread.get();
    }
    const bool isOwnFree = own == 0 || (choice && 2 * own < choice->underWay());
    return isOwnFree ? nullptr : choice;
}

void Acceptor::onReturned(std::unique_ptr<InboundConnection> inbound)
{
    InboundConnection *returned = inbound.get();
    Entry &entry = m_inbound[returned];
    entry.inbound = std::move(inbound);
    entry.thread = nullptr;
    if (returned->error())
        onFailed(returned);
    else
        onFinished(returned);
}

// No more handshakes than there is room for, or most of them would be for nothing. But never so few that unknown
// clients who do not finish theirs could take the last places of a pool that is nearly full.
size_t Acceptor::handshakeLimit(int room) const
{
    const int most = std::max(1, m_settings->maximumHandshakes);
    const int least = std::max(1, most / handshakesPerSpare);
    return static_cast<size_t>(std::clamp(room, least, most));
}

// An unknown client can begin a handshake and stop. The one that has been at it longest makes room, if that is long
// enough.
bool Acceptor::makeRoomAmongHandshakes()
{
    InboundConnection *longest = m_handshaking.front();
    if (longest->isOver())
        return false; // its place is free as soon as that is heard of
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                                           - m_inbound[longest].movedAt);
    if (age < grace) {
        m_graceTimer.start(grace - age);
        return false;
    }
    m_sink->clientOverflowed();
    remove(longest);
    return true;
}

void Acceptor::moveTo(Entry &entry, Line &line)
{
    line.splice(line.end(), *entry.line, entry.place);
    entry.line = &line;
    entry.movedAt = std::chrono::steady_clock::now();
}

std::unique_ptr<InboundConnection> Acceptor::remove(InboundConnection *inbound)
{
    const auto found = m_inbound.find(inbound);
    if (found == m_inbound.end())
        return nullptr;
    std::unique_ptr<InboundConnection> owned = std::move(found->second.inbound);
    if (found->second.thread)
        found->second.thread->drop(inbound);
    found->second.line->erase(found->second.place);
    m_inbound.erase(found);
    return owned;
}

// Of one that has ended, and is here; nullptr if it was abandoned or made room.
std::unique_ptr<InboundConnection> Acceptor::takeOver(InboundConnection *inbound)
{
    const bool isKnown = m_inbound.find(inbound) != m_inbound.end();
    return isKnown && inbound->isOver() ? remove(inbound) : nullptr;
}

void Acceptor::onFinished(InboundConnection *inbound)
{
    const auto owned = takeOver(inbound);
    if (!owned)
        return;
    m_sink->established(owned->takeResult());
    beginHandshakes();
}

void Acceptor::onFailed(InboundConnection *inbound)
{
    const auto owned = takeOver(inbound);
    if (!owned)
        return;
    if (owned->error().kind() == ErrorKind::Limit) {
        m_sink->clientOverflowed();
    } else {
        m_log.failure(owned->error());
        m_sink->attemptFailed(owned->error());
    }
    beginHandshakes();
}

void Acceptor::onAcceptFailed(const QString &reason)
{
    const PoolError error(
        Phase::Accept, ErrorKind::Resources,
        QStringLiteral(
            "Accepting clients failed: %1. Raise the limit of open files (ulimit -n), or lower the capacity. "
            "Parked connections stay; accepting goes on when it can.")
            .arg(reason));
    m_isStarved = true;
    m_log.failure(error);
    m_sink->attemptFailed(error);
    m_resumeTimer.start(acceptPause);
}

} // namespace Tidepool
