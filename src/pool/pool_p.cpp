// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pool_p.h"

#include "../log.h"
#include "../supply/threadend.h"

#include <utility>

namespace Tidepool {

namespace {
// A TLS connection takes some tenths of a millisecond to close.
constexpr size_t closedAtOnce = 8;
// How often figures alone are announced: as often as a fast screen can show them. Waking the facade's thread costs a
// taker as much as the take itself.
constexpr std::chrono::milliseconds notifyInterval{8};

// Thousands would hold up whoever closes the pool, and all who wait in the lane.
void closeInSteps(const std::shared_ptr<Lane> &lane, std::vector<QSslSocket *> sockets)
{
    if (sockets.empty())
        return;
    const auto left = std::make_shared<std::vector<QSslSocket *>>(std::move(sockets));
    Lane::runInSteps(lane, [left] {
        for (size_t i = 0; i < closedAtOnce && !left->empty(); ++i) {
            closeGently(left->back());
            left->pop_back();
        }
        return !left->empty();
    });
}
} // namespace

PoolPrivate::PoolPrivate(bool isServer)
{
    policy.isServer = isServer;
    core->announcer().attach(this);
    m_drainTimer.setParent(this);
    m_drainTimer.setSingleShot(true);
    connect(&m_drainTimer, &QTimer::timeout, this, &PoolPrivate::close);
    m_frame.setParent(this);
    m_frame.setSingleShot(true);
    m_frame.setInterval(notifyInterval);
    connect(&m_frame, &QTimer::timeout, this, &PoolPrivate::endFrame);
}

PoolPrivate::~PoolPrivate()
{
    core->announcer().detach();
}

bool PoolPrivate::acquireLane()
{
    QString problem;
    m_lane = usesCallerThread ? Lane::ofCallerThread() : Lane::acquire(&problem);
    if (m_lane)
        return true;
    core->setStartError({Phase::Wait, ErrorKind::Resources, problem});
    qCWarning(lcTidepool, "The pool did not start: %ls", qUtf16Printable(problem));
    return false;
}

bool PoolPrivate::open(std::unique_ptr<Supply> supply, int capacity, std::chrono::milliseconds interval)
{
    if (!acquireLane())
        return false;
    // Not a shared_ptr: the lane's own tasks must not keep the lane alive.
    const PostToLane post = [lane = std::weak_ptr(m_lane)](std::function<void()> task) {
        if (const auto alive = lane.lock())
            alive->post(std::move(task));
    };
    auto *engine = new PoolEngine(core, std::move(supply), post);
    engine->moveToThread(m_lane->thread());
    m_engine = engine;

    applyPolicy();
    const QPointer<PoolEngine> guarded = engine;
    PoolCore::LanePort port;
    port.lane = m_lane;
    port.wake = [guarded] {
        if (guarded)
            guarded->wake();
    };
    port.watchForCancel = [guarded](const QFuture<TakeResult> &future, Waiters::Ticket ticket) {
        if (guarded)
            guarded->watchForCancel(future, ticket);
    };
    const quint64 generation = core->open(std::move(port), capacity, interval);
    m_lane->post([guarded, generation] {
        if (guarded)
            guarded->start(generation);
    });
    const QPointer<PoolPrivate> self = this;
    const auto stopTimers = [self] {
        if (!self || self->thread() != QThread::currentThread())
            return;
        self->m_drainTimer.stop(); // nobody could any more
        self->m_frame.stop();
    };
    atEndOfThisThread(stopTimers, [self] { return self.isNull(); });
    if (usesCallerThread)
        m_lane->atEnd([itsCore = core, guarded] { closeWithThread(itsCore, guarded); });
    return true;
}

// In the lane, when the caller's thread ends with the pool still open: its sockets cannot outlive it.
void PoolPrivate::closeWithThread(const std::shared_ptr<PoolCore> &core, const QPointer<PoolEngine> &engine)
{
    PoolCore::Remains remains = core->shut();
    delete engine.data();
    for (QSslSocket *socket : remains.sockets)
        closeGently(socket);
    core->failAsClosed(std::move(remains));
}

// In a forked child. The connections are the parent's; here only the descriptors are closed, so that the peers see the
// end when the parent closes. All else stays as it is: there is no thread that it could end in.
void PoolPrivate::abandon()
{
    core->abandon();
    (void)new std::shared_ptr<PoolCore>(std::exchange(core, std::make_shared<PoolCore>()));
    core->announcer().attach(this);
    m_engine.clear();
    m_lane.reset();
    m_frame.stop();
}

void PoolPrivate::close()
{
    m_drainTimer.stop();
    if (!m_lane)
        return;
    if (m_lane->isOfAnotherProcess()) {
        abandon();
        return;
    }
    const QPointer<PoolPrivate> alive(this);
    const std::shared_ptr<PoolCore> itsCore = core;
    PoolCore::Remains remains = itsCore->shut();
    (void)m_lane->run([engine = m_engine] { delete engine.data(); });
    closeInSteps(m_lane, std::exchange(remains.sockets, {}));
    m_lane->settle();
    m_engine.clear();
    m_lane.reset();
    m_frame.stop();
    (void)itsCore->announcer().endFrame();
    // Last, because a continuation of theirs may close, start or destroy the pool.
    itsCore->failAsClosed(std::move(remains));
    if (!alive || isRunning())
        return;
    publish(); // nothing comes after closed()
    if (alive)
        emit q->closed();
}

void PoolPrivate::drain(std::chrono::milliseconds deadline)
{
    if (!m_lane)
        return;
    core->startDraining();
    m_drainTimer.start(std::max(deadline, std::chrono::milliseconds(0)));
    publish(); // it may be over already
}

void PoolPrivate::applyPolicy()
{
    policy.takeTimeout = timeouts.take;
    core->setPolicy(policy);
}

void PoolPrivate::customEvent(QEvent *)
{
    core->announcer().received();
    m_frame.start();
    publish();
}

void PoolPrivate::endFrame()
{
    if (!core->announcer().endFrame())
        return;
    m_frame.start();
    publish();
}

// Every slot called from here may close, change or destroy the pool.
void PoolPrivate::publish()
{
    const QPointer<PoolPrivate> alive(this);
    signalEvents();
    if (!alive)
        return;
    const PoolStatus now = core->status();
    const PoolStatus before = std::exchange(m_published, now);
    const bool isReady = now.state == PoolState::Ready;
    const bool wasReady = std::exchange(m_isReadyPublished, isReady);
    const auto tell = [&alive](bool isNews, auto signal, auto... value) {
        if (isNews && alive)
            emit(alive->q->*signal)(value...);
    };
    tell(now.state != before.state, &Pool::stateChanged, now.state);
    tell(isReady != wasReady, &Pool::readyChanged, isReady);
    tell(now.active != before.active, &Pool::activeChanged, now.active);
    tell(now.capacity != before.capacity, &Pool::capacityChanged, now.capacity);
    tell(now.interval != before.interval, &Pool::intervalChanged, static_cast<int>(now.interval.count()));
    tell(now.waiting != before.waiting, &Pool::waitingChanged, now.waiting);
    tell(now.errorCount != before.errorCount, &Pool::errorCountChanged, now.errorCount);
    tell(true, &Pool::statusChanged);
    if (alive && core->isDrained())
        close();
}

void PoolPrivate::signalEvents()
{
    const QPointer<PoolPrivate> alive(this);
    for (const PoolEvent &event : core->takeEvents()) {
        if (!alive)
            return;
        switch (event.kind) {
        case PoolEvent::Kind::Parked:
            emit q->connectionParked(event.id);
            break;
        case PoolEvent::Kind::Taken:
            emit q->connectionTaken(event.id);
            break;
        case PoolEvent::Kind::Evicted:
            emit q->connectionEvicted(event.id, event.cause);
            break;
        case PoolEvent::Kind::Spoke:
            emit q->connectionSpoke(event.id);
            break;
        case PoolEvent::Kind::HeldLong:
            emit q->connectionHeldLong(event.id);
            break;
        case PoolEvent::Kind::Failed:
            emit q->attemptFailed(event.error);
            break;
        }
    }
}

} // namespace Tidepool
