// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pool_p.h"

#include "../io/forks.h"
#include "../io/log.h"
#include "../io/mutex.h"
#include "../io/threadend.h"

#include <utility>
#include <vector>

namespace Tidepool {

namespace {
// A TLS connection takes some tenths of a millisecond to close.
constexpr size_t closedAtOnce = 8;
// The minimum time between two notifications that only concern metrics: as often as a fast screen can show them. A
// wake-up of the facade's thread costs a taker as much as the take itself.
constexpr std::chrono::milliseconds notifyInterval{8};
// The minimum time between two flushes because of errors.
constexpr std::chrono::seconds flushPause{10};

// To close thousands of sockets at once would delay the caller of close() and all tasks of the I/O thread.
void closeInSteps(const std::shared_ptr<IoThread> &ioThread, std::vector<QSslSocket *> sockets)
{
    if (sockets.empty())
        return;
    const auto left = std::make_shared<std::vector<QSslSocket *>>(std::move(sockets));
    IoThread::runInSteps(ioThread, [left] {
        for (size_t i = 0; i < closedAtOnce && !left->empty(); ++i) {
            closeGently(left->back());
            left->pop_back();
        }
        return !left->empty();
    });
}

// The pools that were started. When the application object is destroyed, their takes would wait forever, because
// deadlines need events.
class StartedPools
{
public:
    static StartedPools &instance()
    {
        static auto &pools = *new StartedPools; // never destroyed, because threads can outlive main()
        return pools;
    }

    void add(const std::shared_ptr<PoolCore> &core)
    {
        IoThread::setApplicationHook([](bool isThere) { isThere ? instance().goOn() : instance().endWaiting(); });
        const MutexLocker lock(m_mutex);
        std::erase_if(m_cores, [&](const Started &each) { return each.core.expired() || each.core.lock() == core; });
        m_cores.push_back({core, forkCount()});
    }

private:
    struct Started
    {
        std::weak_ptr<PoolCore> core;
        quint64 forks = 0;
    };

    void endWaiting()
    {
        for (const auto &core : alive()) {
            const PoolState state = core->status().state;
            if (state == PoolState::Closed || state == PoolState::Draining)
                continue; // no take waits
            core->halt({Phase::Wait, ErrorKind::Closed, IoThread::applicationAdvice()});
        }
    }

    void goOn()
    {
        for (const auto &core : alive())
            core->goOn();
    }

    std::vector<std::shared_ptr<PoolCore>> alive()
    {
        std::vector<std::shared_ptr<PoolCore>> cores;
        const MutexLocker lock(m_mutex);
        for (const Started &each : m_cores) {
            // In a forked child, the parent's pools must not even be read.
            if (auto core = each.forks == forkCount() ? each.core.lock() : nullptr)
                cores.push_back(std::move(core));
        }
        return cores;
    }

    Mutex m_mutex;
    std::vector<Started> m_cores TIDEPOOL_GUARDED_BY(m_mutex);
};
} // namespace

PoolPrivate::PoolPrivate(bool isServer)
{
    policy.isServer = isServer;
    core->notifier().attach(this);
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
    core->notifier().detach();
}

bool PoolPrivate::acquireIoThread()
{
    QString problem;
    m_ioThread = usesCallerThread ? IoThread::ofCallerThread() : IoThread::acquire(IoThread::Use::Pools, &problem);
    if (m_ioThread)
        return true;
    return refuseStart(ErrorKind::Resources, problem);
}

bool PoolPrivate::canStart()
{
    return IoThread::hasApplication() || refuseStart(ErrorKind::Other, IoThread::applicationAdvice());
}

bool PoolPrivate::refuseStart(ErrorKind kind, const QString &problem)
{
    core->setStartError({Phase::Wait, kind, problem});
    qCWarning(lcTidepool, "The pool did not start: %ls", qUtf16Printable(problem));
    return false;
}

void PoolPrivate::open(std::unique_ptr<Supply> supply, int capacity, std::chrono::milliseconds interval)
{
    // Not a shared_ptr, because the I/O thread's own tasks must not keep the I/O thread alive.
    const PostToIoThread post = [ioThread = std::weak_ptr(m_ioThread)](std::function<void()> task) {
        if (const auto alive = ioThread.lock())
            alive->post(std::move(task));
    };
    auto *engine = new PoolEngine(core, std::move(supply), post);
    engine->moveToThread(m_ioThread->thread());
    m_engine = engine;

    applyPolicy();
    const QPointer<PoolEngine> guarded = engine;
    PoolCore::IoThreadPort port;
    port.ioThread = m_ioThread;
    port.wake = [guarded] {
        if (guarded)
            guarded->wake();
    };
    port.watchForCancel = [guarded](const QFuture<void> &future, Waiters::Ticket ticket) {
        if (guarded)
            guarded->watchForCancel(future, ticket);
    };
    const quint64 generation = core->open(std::move(port), capacity, interval);
    StartedPools::instance().add(core);
    m_ioThread->post([guarded, generation] {
        if (guarded)
            guarded->start(generation);
    });
    const QPointer<PoolPrivate> self = this;
    const auto stopTimers = [self] {
        if (!self || self->thread() != QThread::currentThread())
            return;
        self->m_drainTimer.stop(); // after this, no thread could stop the timer
        self->m_frame.stop();
    };
    atEndOfThisThread(stopTimers, [self] { return self.isNull(); });
    if (usesCallerThread)
        m_ioThread->atEnd([itsCore = core, guarded] { closeWithThread(itsCore, guarded); });
}

// Runs in the I/O thread when the caller's thread ends and the pool is still open. The sockets of the pool cannot
// outlive the thread.
void PoolPrivate::closeWithThread(const std::shared_ptr<PoolCore> &core, const QPointer<PoolEngine> &engine)
{
    PoolCore::ShutdownResult left = core->shutDown();
    delete engine.data();
    for (QSslSocket *socket : left.sockets)
        closeGently(socket);
    core->failAsClosed(std::move(left));
}

// In a forked child, the connections belong to the parent. The child closes only the descriptors, so that the peers see
// the end when the parent closes. Everything else stays unchanged, because there is no thread in which it could end.
void PoolPrivate::abandon()
{
    core->abandon();
    (void)new std::shared_ptr<PoolCore>(std::exchange(core, std::make_shared<PoolCore>()));
    core->notifier().attach(this);
    m_engine.clear();
    m_ioThread.reset();
    m_frame.stop();
}

void PoolPrivate::close()
{
    m_drainTimer.stop();
    if (!m_ioThread)
        return;
    if (m_ioThread->isOfAnotherProcess()) {
        abandon();
        return;
    }
    const QPointer<PoolPrivate> alive(this);
    const std::shared_ptr<PoolCore> itsCore = core;
    PoolCore::ShutdownResult left = itsCore->shutDown();
    endEngine();
    closeInSteps(m_ioThread, std::exchange(left.sockets, {}));
    m_ioThread->settle();
    m_engine.clear();
    m_ioThread.reset();
    m_frame.stop();
    (void)itsCore->notifier().endFrame();
    // Last, because a continuation of these takes can close, start or destroy the pool.
    itsCore->failAsClosed(std::move(left));
    if (!alive || isRunning())
        return;
    publish(); // no signal follows closed()
    if (alive)
        emit q->closed();
}

// And waits for what its supply has under way in other I/O threads: here, because an I/O thread must not wait for
// another one, which may wait for it.
void PoolPrivate::endEngine()
{
    const auto others = std::make_shared<std::vector<std::shared_ptr<IoThread>>>();
    const bool isDone = m_ioThread->run([engine = m_engine, others] {
        if (engine)
            *others = engine->supply().otherIoThreads();
        delete engine.data();
    });
    if (!isDone || others->empty())
        return;
    for (const auto &other : *others)
        (void)other->run([] {});
    (void)m_ioThread->run([] {}); // what was on its way back from them
}

void PoolPrivate::drain(std::chrono::milliseconds deadline)
{
    if (!m_ioThread) {
        // Nothing is left to wait for, but the caller can wait for the signal.
        const auto tell = [this] {
            if (!isRunning())
                emit q->closed();
        };
        QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
        return;
    }
    core->startDraining();
    m_drainTimer.start(std::max(deadline, std::chrono::milliseconds(0)));
    publish(); // the drain can be over already
}

void PoolPrivate::applyPolicy()
{
    policy.takeTimeout = timeouts.take;
    core->setPolicy(policy);
}

void PoolPrivate::customEvent(QEvent *)
{
    core->notifier().received();
    m_frame.start();
    publish();
}

void PoolPrivate::endFrame()
{
    if (!core->notifier().endFrame())
        return;
    m_frame.start();
    publish();
}

// Every slot that is called from here can close, change or destroy the pool.
void PoolPrivate::publish()
{
    const QPointer<PoolPrivate> alive(this);
    signalEvents();
    if (!alive)
        return;
    const PoolStatus now = core->status();
    const PoolStatus before = std::exchange(m_published, now);
    if (now.idleLifetime != before.idleLifetime && now.idleLifetime.count() > 0 && policy.lifetimes.learnsIdle)
        qCInfo(lcTidepool, "%ls.", qUtf16Printable(now.idleText()));
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
    else if (alive)
        flushForErrors(now);
}

// If nothing is parked, there is nothing to flush. Errors can also have another cause, such as a service that is down.
// In that case the pool must not replace all connections again and again.
void PoolPrivate::flushForErrors(const PoolStatus &status)
{
    if (!flushesOnErrors || status.active == 0 || status.errorCount <= status.active / 2
        || status.state == PoolState::Paused)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (m_flushedForErrors && now - *m_flushedForErrors < flushPause)
        return;
    m_flushedForErrors = now;
    qCInfo(lcTidepool, "The application reported %d errors with %d connections parked: the pool replaces them.",
           status.errorCount, status.active);
    core->resetErrorCount();
    q->flush();
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
        case PoolEvent::Kind::Readable:
            emit q->connectionReadable(event.id);
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
