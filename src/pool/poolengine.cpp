// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolengine.h"

#include <QtCore/QFutureWatcher>

#include <algorithm>

namespace Tidepool {

PoolEngine::PoolEngine(std::shared_ptr<PoolCore> core, std::unique_ptr<Supply> supply, PostToIoThread post)
    : m_core(std::move(core)), m_supply(std::move(supply)), m_post(std::move(post))
{
    m_supply->setParent(this); // so that the supply moves to the I/O thread with this object
    m_deadline.setParent(this);
    m_deadline.setSingleShot(true);
    m_deadline.setTimerType(Qt::PreciseTimer);
    connect(&m_deadline, &QTimer::timeout, this, &PoolEngine::expire);
}

PoolEngine::~PoolEngine()
{
    if (m_watcher)
        m_watcher->stop();
    m_supply->setParent(nullptr);
    m_supply.reset(); // destroyed first, because it still calls the core
}

void PoolEngine::start(quint64 generation)
{
    m_watcher = makeWatcher(std::move(m_post), [core = std::weak_ptr(m_core)](quint64 token) {
        if (const auto alive = core.lock())
            alive->examineParked(token);
    });
    m_core->setWatcher(m_watcher);
    m_supply->setGeneration(generation);
    m_supply->start();
}

void PoolEngine::wake()
{
    m_core->expire();
    m_supply->wake();
    armDeadline();
}

void PoolEngine::expire()
{
    m_core->expire();
    m_supply->wake(); // a connection can be due for replacement
    armDeadline();
}

void PoolEngine::armDeadline()
{
    using std::chrono::milliseconds;
    const auto next = m_core->nextDeadline();
    if (next == PoolCore::Clock::time_point::max()) {
        m_deadline.stop();
        return;
    }
    // Rounded up. Otherwise the timer would fire a moment too early and find nothing due.
    const auto rest = std::chrono::ceil<milliseconds>(next - PoolCore::Clock::now());
    m_deadline.start(std::clamp<milliseconds>(rest, milliseconds(0), std::chrono::hours(1)));
}

// QFuture::cancel() notifies only watchers. The watcher has no type, because a typed watcher would keep the result, and
// with the result the connection.
void PoolEngine::watchForCancel(const QFuture<void> &future, Waiters::Ticket ticket)
{
    if (future.isFinished())
        return;
    auto *watcher = new QFutureWatcher<void>(this);
    connect(watcher, &QFutureWatcherBase::canceled, this, [this, ticket] { m_core->cancel(ticket); });
    connect(watcher, &QFutureWatcherBase::finished, watcher, &QObject::deleteLater);
    watcher->setFuture(future);
}

} // namespace Tidepool
