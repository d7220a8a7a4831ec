// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "takers.h"

#include "benchmarkerror.h"
#include "stopwatch.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtCore/QThread>

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <latch>

namespace Bench {

using Tidepool::Connection;

PoolSource::PoolSource(Tidepool::Pool &pool, Way way, const std::vector<Tidepool::ConnectionId> &ids, size_t threads)
    : m_pool(pool), m_way(way), m_shares(threads)
{
    for (size_t i = 0; i < ids.size(); ++i)
        m_shares[i % threads].ids.push_back(ids[i]);
}

void PoolSource::take(size_t thread)
{
    Share &share = m_shares[thread];
    Connection connection = takeOne(share);
    if (connection.socket())
        share.taken.push_back(std::move(connection));
}

Connection PoolSource::takeOne(Share &share)
{
    switch (m_way) {
    case Way::Take:
        return m_pool.take().takeResult().connection();
    case Way::TakeById:
        return m_pool.take(share.ids[share.next++ % share.ids.size()]).takeResult().connection();
    case Way::TryTake:
        break;
    }
    return m_pool.tryTake().connection();
}

void PoolSource::giveBack(size_t thread)
{
    for (Connection &connection : m_shares[thread].taken)
        m_pool.giveBack(std::move(connection));
    m_shares[thread].taken.clear();
}

BareSource::BareSource(const std::vector<std::unique_ptr<QSslSocket>> &sockets, size_t count, size_t threads)
    : m_shares(threads)
{
    for (size_t i = 0; i < std::min(count, sockets.size()); ++i)
        m_shares[i % threads].sockets.push_back(sockets[i].get());
}

void BareSource::take(size_t thread)
{
    Share &share = m_shares[thread];
    QSslSocket *socket = share.sockets[share.next++ % share.sockets.size()];
    socket->moveToThread(QThread::currentThread());
    char byte = 0;
    (void)::recv(static_cast<int>(socket->socketDescriptor()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    share.taken.push_back(socket);
}

void BareSource::giveBack(size_t thread)
{
    for (QSslSocket *socket : m_shares[thread].taken)
        socket->moveToThread(nullptr);
    m_shares[thread].taken.clear();
}

namespace {

std::vector<double> timeInThisThread(Source &source, size_t thread, const TakeRun &run)
{
    std::vector<double> microseconds;
    microseconds.reserve(static_cast<size_t>(run.batches) * static_cast<size_t>(run.batchSize));
    for (int batch = 0; batch < run.batches; ++batch) {
        for (int i = 0; i < run.batchSize; ++i) {
            const Stopwatch watch;
            source.take(thread);
            microseconds.push_back(watch.seconds() * 1e6);
        }
        QCoreApplication::processEvents(); // so that the sockets are at home here, as in any real taker
        source.giveBack(thread);
        QCoreApplication::processEvents();
    }
    return microseconds;
}

} // namespace

std::vector<double> timeTakes(Source &source, const TakeRun &run)
{
    std::vector<std::vector<double>> results(run.threads);
    std::vector<std::unique_ptr<QThread>> threads;
    std::latch start(static_cast<std::ptrdiff_t>(run.threads));
    QEventLoop loop;
    std::atomic<size_t> running = run.threads;
    for (size_t i = 0; i < run.threads; ++i) {
        threads.emplace_back(QThread::create([&, i] {
            start.arrive_and_wait();
            results[i] = timeInThisThread(source, i, run);
            if (--running == 0)
                QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
        }));
        threads.back()->start();
    }
    loop.exec();
    std::vector<double> all;
    for (size_t i = 0; i < run.threads; ++i) {
        threads[i]->wait();
        all.insert(all.end(), results[i].begin(), results[i].end());
    }
    return all;
}

} // namespace Bench
