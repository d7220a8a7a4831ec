// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../types/durations.h"
#include "pool_p.h"
#include "takecontext.h"

#include <tidepool/pool.h>

#include <QtCore/QMetaMethod>
#include <QtCore/QPromise>

#include <algorithm>
#include <optional>
#include <utility>

namespace Tidepool {

Pool::Pool(std::unique_ptr<PoolPrivate> priv, QObject *parent) : QObject(parent), d(std::move(priv))
{
    d->q = this;
    d->setParent(this); // so that the private part moves to other threads with this object
}

Pool::~Pool()
{
    const QSignalBlocker noMoreSignals(this);
    d->close();
}

// Events without a connected slot are not kept.
void Pool::connectNotify(const QMetaMethod &signal)
{
    const auto wantIf = [&](const QMetaMethod &method, PoolEvent::Kind kind) {
        if (signal == method)
            d->core->want(kind);
    };
    wantIf(QMetaMethod::fromSignal(&Pool::connectionParked), PoolEvent::Kind::Parked);
    wantIf(QMetaMethod::fromSignal(&Pool::connectionTaken), PoolEvent::Kind::Taken);
    wantIf(QMetaMethod::fromSignal(&Pool::connectionEvicted), PoolEvent::Kind::Evicted);
    wantIf(QMetaMethod::fromSignal(&Pool::connectionReadable), PoolEvent::Kind::Readable);
    wantIf(QMetaMethod::fromSignal(&Pool::connectionHeldLong), PoolEvent::Kind::HeldLong);
    wantIf(QMetaMethod::fromSignal(&Pool::attemptFailed), PoolEvent::Kind::Failed);
    QObject::connectNotify(signal);
}

// --- Settings

TlsOptions Pool::tls() const
{
    return d->tls;
}

void Pool::setTls(const TlsOptions &tls)
{
    if (d->assign(d->tls, tls))
        d->applySettings(true);
}

IdFormat Pool::idFormat() const
{
    return d->idFormat;
}

void Pool::setIdFormat(IdFormat format)
{
    if (d->assign(d->idFormat, format))
        d->applySettings(true);
}

Timeouts Pool::timeouts() const
{
    return d->timeouts;
}

void Pool::setTimeouts(const Timeouts &timeouts)
{
    if (!d->assign(d->timeouts, timeouts.corrected()))
        return;
    d->applyPolicy();
    d->applySettings(false);
}

KeepAlive Pool::keepAlive() const
{
    return d->keepAlive;
}

void Pool::setKeepAlive(const KeepAlive &keepAlive)
{
    if (d->assign(d->keepAlive, keepAlive.corrected()))
        d->applySettings(false);
}

Lifetimes Pool::lifetimes() const
{
    return d->policy.lifetimes;
}

void Pool::setLifetimes(const Lifetimes &lifetimes)
{
    if (d->assign(d->policy.lifetimes, lifetimes.corrected()))
        d->applyPolicy();
}

TakeOrder Pool::takeOrder() const
{
    return d->policy.order;
}

void Pool::setTakeOrder(TakeOrder order)
{
    if (d->assign(d->policy.order, order))
        d->applyPolicy();
}

Unsolicited Pool::unsolicited() const
{
    return d->policy.unsolicited;
}

void Pool::setUnsolicited(Unsolicited unsolicited)
{
    if (!d->assign(d->policy.unsolicited, unsolicited))
        return;
    d->applyPolicy();
    d->applySettings(false); // the change can fix the supply's problem
}

int Pool::maximumWaiting() const
{
    return d->policy.maximumWaiting;
}

void Pool::setMaximumWaiting(int maximum)
{
    if (d->assign(d->policy.maximumWaiting, std::max(0, maximum)))
        d->applyPolicy();
}

std::chrono::milliseconds Pool::leaseThreshold() const
{
    return d->policy.leaseThreshold;
}

void Pool::setLeaseThreshold(std::chrono::milliseconds threshold)
{
    if (d->assign(d->policy.leaseThreshold, clampedDuration(threshold, std::chrono::milliseconds(0))))
        d->applyPolicy();
}

bool Pool::flushesOnErrors() const
{
    return d->flushesOnErrors;
}

void Pool::setFlushesOnErrors(bool flushes)
{
    d->assign(d->flushesOnErrors, flushes);
}

bool Pool::usesCallerThread() const
{
    return d->usesCallerThread;
}

void Pool::setUsesCallerThread(bool uses)
{
    d->assign(d->usesCallerThread, uses);
}

// --- Live metrics

bool Pool::isReady() const
{
    return state() == PoolState::Ready;
}

int Pool::active() const
{
    return status().active;
}

int Pool::capacity() const
{
    return status().capacity;
}

std::chrono::milliseconds Pool::interval() const
{
    return status().interval;
}

int Pool::intervalMs() const
{
    return static_cast<int>(interval().count());
}

PoolState Pool::state() const
{
    return status().state;
}

int Pool::waiting() const
{
    return status().waiting;
}

int Pool::errorCount() const
{
    return status().errorCount;
}

PoolStatus Pool::status() const
{
    return d->core->status();
}

PoolError Pool::lastError() const
{
    return d->core->lastError();
}

QList<ConnectionRecord> Pool::connections(int limit) const
{
    return d->core->connections(limit);
}

QList<EvictionRecord> Pool::evictions() const
{
    return d->core->evictions();
}

// --- Taking

namespace {

QFuture<TakeResult> failedTake(ErrorKind kind, const QString &what)
{
    QPromise<TakeResult> promise;
    promise.start();
    promise.addResult(TakeResult(PoolError(Phase::Wait, kind, what)));
    promise.finish();
    return promise.future();
}

// "The pool was never started" would not help a user whose pool could not start.
QFuture<TakeResult> toldOfApplication(QFuture<TakeResult> take)
{
    const bool isOver = IoThread::hasApplication() || !take.isFinished() || take.resultCount() == 0;
    if (isOver || take.result().error().kind() != ErrorKind::Closed)
        return take;
    return failedTake(ErrorKind::Closed, IoThread::applicationAdvice());
}

} // namespace

QFuture<TakeResult> Pool::take(std::chrono::milliseconds timeout)
{
    return toldOfApplication(d->core->take({std::nullopt, timeout, nullptr}));
}

QFuture<TakeResult> Pool::take(ConnectionId id, std::chrono::milliseconds timeout)
{
    return toldOfApplication(d->core->take({id, timeout, nullptr}));
}

QFuture<TakeResult> Pool::takeInto(QObject *context, std::chrono::milliseconds timeout)
{
    auto into = std::make_shared<TakeContext>(context);
    if (into->isGone())
        return failedTake(ErrorKind::Closed,
                          QStringLiteral("The context object that the connection is for lives in no "
                                         "thread, or in one that has ended."));
    return toldOfApplication(d->core->take({std::nullopt, timeout, std::move(into)}));
}

TakeResult Pool::tryTake()
{
    return d->core->tryTake();
}

void Pool::giveBack(Connection connection)
{
    const std::shared_ptr<Lease> lease = connection.m_lease;
    if (!lease)
        return;
    if (const auto owner = lease->core().lock())
        owner->giveBack(lease);
    else
        lease->close(); // its pool does not exist any more
}

bool Pool::evict(ConnectionId id)
{
    return d->core->evict(id);
}

void Pool::addError()
{
    d->core->addError();
}

void Pool::resetErrorCount()
{
    d->core->resetErrorCount();
}

// --- Life

void Pool::flush()
{
    d->core->flush([this](quint64 generation) {
        d->inIoThread<Supply>([generation](Supply &supply) {
            supply.setGeneration(generation);
            supply.abandon();
            supply.wake();
        });
    });
}

void Pool::pause()
{
    if (!d->core->setPaused(true))
        return;
    d->inIoThread<Supply>([](Supply &supply) { supply.setPaused(true); });
}

void Pool::resume()
{
    if (!d->core->setPaused(false))
        return;
    d->inIoThread<Supply>([](Supply &supply) { supply.setPaused(false); });
}

void Pool::drain(std::chrono::milliseconds deadline)
{
    d->inIoThread<Supply>([](Supply &supply) { supply.retire(); });
    d->drain(clampedDuration(deadline, std::chrono::milliseconds(0)));
}

void Pool::close()
{
    d->close();
}

} // namespace Tidepool
