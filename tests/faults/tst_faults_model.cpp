// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Random operations on a ServerPool and on a naive list of what it should hold. After each operation the two must
// agree. A failure prints its seed: TIDEPOOL_MODEL_SEED=<seed> repeats it.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <algorithm>
#include <map>
#include <optional>
#include <random>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// The pool as one would describe it to a friend.
struct Model
{
    struct Waiter
    {
        int number = 0;
        std::optional<ConnectionId> id;
    };
    struct Lease
    {
        ConnectionId id;
        int generation = 0;
    };

    QList<ConnectionId> parked; // oldest first
    QList<Waiter> waiters; // first come first
    QList<Lease> leases;
    std::map<int, ConnectionId> served; // which take got what
    int generation = 0;
    int capacity = 5;
    int maximumWaiting = 6;
    bool newestFirst = true;
    bool replacesOldest = false;
    qint64 overflowed = 0;
    qint64 replaced = 0;
    qint64 failed = 0;
    qint64 cancelled = 0;

    void lend(int number, ConnectionId id)
    {
        served[number] = id;
        leases.append({id, generation});
    }

    /// Whom a connection serves: the first that wants it by name, else the first that wants any.
    std::optional<Waiter> nextWaiter(ConnectionId id)
    {
        auto found = std::ranges::find_if(waiters, [&](const Waiter &w) { return w.id == id; });
        if (found == waiters.end())
            found = std::ranges::find_if(waiters, [](const Waiter &w) { return !w.id; });
        if (found == waiters.end())
            return {};
        const Waiter waiter = *found;
        waiters.erase(found); // clazy:exclude=strict-iterators
        return waiter;
    }

    /// True if the pool keeps it.
    bool arrive(ConnectionId id)
    {
        if (const auto waiter = nextWaiter(id)) {
            lend(waiter->number, id);
            return true;
        }
        if (parked.size() >= capacity) {
            if (!replacesOldest) {
                ++overflowed;
                return false;
            }
            parked.removeFirst();
            ++replaced;
        }
        parked.append(id);
        return true;
    }

    /// True if a connection was there.
    bool take(int number, std::optional<ConnectionId> id, bool mayWait)
    {
        const auto where = id ? parked.indexOf(*id) : newestFirst ? parked.size() - 1 : (parked.isEmpty() ? -1 : 0);
        if (where >= 0) {
            lend(number, parked.takeAt(where));
            return true;
        }
        if (mayWait && waiters.size() < maximumWaiting)
            waiters.append({number, id});
        else
            ++failed;
        return false;
    }
};

} // namespace

class tst_FaultsModel : public QObject
{
    Q_OBJECT

private slots:
    void agrees();

private:
    void step(std::minstd_rand &random);
    void connectClient();
    void take(std::optional<ConnectionId> id);
    void tryTake();
    void cancel(std::minstd_rand &random);
    void giveBack(std::minstd_rand &random);
    void drop(std::minstd_rand &random);
    void clientCloses(std::minstd_rand &random);
    void changeSettings(std::minstd_rand &random);
    [[nodiscard]] std::optional<ConnectionId> anyId(std::minstd_rand &random) const;
    [[nodiscard]] QString difference();
    void collect();

    std::unique_ptr<ServerPool> m_pool;
    Model m_model;
    std::map<quint32, std::unique_ptr<RawClient>> m_clients;
    std::map<int, QFuture<TakeResult>> m_takes;
    std::map<quint32, Connection> m_held;
    int m_lastTake = 0;
    QStringList m_log;
};

std::optional<ConnectionId> tst_FaultsModel::anyId(std::minstd_rand &random) const
{
    if (m_clients.empty())
        return {};
    auto it = m_clients.begin();
    std::advance(it, static_cast<qsizetype>(random() % m_clients.size()));
    return ConnectionId(it->first);
}

void tst_FaultsModel::connectClient()
{
    const qint64 overflowed = m_pool->status().overflowed;
    const qint64 parked = m_pool->status().parkedTotal;
    auto client = std::make_unique<RawClient>(m_pool->serverPort());
    const bool decided = QTest::qWaitFor(
        [&] { return m_pool->status().parkedTotal > parked || m_pool->status().overflowed > overflowed; });
    const ConnectionId id = client->readHexId(m_pool->status().overflowed > overflowed ? 1ms : 5'000ms);
    m_log.append(u"connect %1%2"_s.arg(id.toString(), decided ? QString() : u", undecided"_s));
    if (m_model.arrive(id))
        m_clients[id.value()] = std::move(client);
}

void tst_FaultsModel::take(std::optional<ConnectionId> id)
{
    const int number = ++m_lastTake;
    m_log.append(u"take %1 %2"_s.arg(number).arg(id ? id->toString() : u"any"_s));
    m_takes[number] = id ? m_pool->take(*id, 10min) : m_pool->take(10min);
    m_model.take(number, id, true);
}

void tst_FaultsModel::tryTake()
{
    const int number = ++m_lastTake;
    m_log.append(u"tryTake %1"_s.arg(number));
    const TakeResult taken = m_pool->tryTake();
    const bool expected = m_model.take(number, {}, false);
    QCOMPARE(static_cast<bool>(taken), expected);
    if (expected) {
        QCOMPARE(taken.connection().id(), m_model.served[number]);
        m_held[taken.connection().id().value()] = taken.connection();
    }
}

void tst_FaultsModel::cancel(std::minstd_rand &random)
{
    if (m_model.waiters.isEmpty())
        return;
    const int number = m_model.waiters.takeAt(static_cast<qsizetype>(random()) % m_model.waiters.size()).number;
    m_log.append(u"cancel %1"_s.arg(number));
    m_takes[number].cancel();
    ++m_model.cancelled;
}

void tst_FaultsModel::giveBack(std::minstd_rand &random)
{
    // What a full pool does with one that is given back is another test's subject.
    if (m_model.leases.isEmpty() || m_model.parked.size() >= m_model.capacity)
        return;
    const Model::Lease lease = m_model.leases.takeAt(static_cast<qsizetype>(random()) % m_model.leases.size());
    m_log.append(u"giveBack %1"_s.arg(lease.id.toString()));
    if (random() % 2 == 0)
        static_cast<void>(m_held[lease.id.value()].socket());
    m_pool->giveBack(m_held[lease.id.value()]);
    m_held.erase(lease.id.value());
    if (lease.generation == m_model.generation)
        m_model.arrive(lease.id);
    else
        m_clients.erase(lease.id.value());
}

void tst_FaultsModel::drop(std::minstd_rand &random)
{
    if (m_model.leases.isEmpty())
        return;
    const Model::Lease lease = m_model.leases.takeAt(static_cast<qsizetype>(random()) % m_model.leases.size());
    m_log.append(u"drop %1"_s.arg(lease.id.toString()));
    m_held.erase(lease.id.value());
    m_clients.erase(lease.id.value());
}

void tst_FaultsModel::clientCloses(std::minstd_rand &random)
{
    if (m_model.parked.isEmpty())
        return;
    const ConnectionId id = m_model.parked.takeAt(static_cast<qsizetype>(random()) % m_model.parked.size());
    m_log.append(u"client closes %1"_s.arg(id.toString()));
    if (random() % 2 == 0)
        m_clients[id.value()]->reset();
    m_clients.erase(id.value());
}

void tst_FaultsModel::changeSettings(std::minstd_rand &random)
{
    switch (random() % 5) {
    case 0:
        m_model.capacity = static_cast<int>(1 + random() % 8);
        m_log.append(u"capacity %1"_s.arg(m_model.capacity));
        m_pool->setMaximumCapacity(m_model.capacity);
        while (m_model.parked.size() > m_model.capacity)
            m_clients.erase(m_model.parked.takeFirst().value());
        break;
    case 1:
        m_model.newestFirst = !m_model.newestFirst;
        m_log.append(m_model.newestFirst ? u"newest first"_s : u"oldest first"_s);
        m_pool->setTakeOrder(m_model.newestFirst ? TakeOrder::NewestFirst : TakeOrder::OldestFirst);
        break;
    case 2:
        m_model.replacesOldest = !m_model.replacesOldest;
        m_log.append(m_model.replacesOldest ? u"replace oldest"_s : u"refuse"_s);
        m_pool->setOverflow(m_model.replacesOldest ? Overflow::ReplaceOldest : Overflow::Refuse);
        break;
    case 3:
        m_model.maximumWaiting = static_cast<int>(random() % 8);
        m_log.append(u"maximum waiting %1"_s.arg(m_model.maximumWaiting));
        m_pool->setMaximumWaiting(m_model.maximumWaiting);
        break;
    case 4:
        m_log.append(u"flush"_s);
        m_pool->flush();
        ++m_model.generation;
        for (const ConnectionId id : std::as_const(m_model.parked))
            m_clients.erase(id.value());
        m_model.parked.clear();
        break;
    }
}

void tst_FaultsModel::step(std::minstd_rand &random)
{
    switch (random() % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        connectClient();
        break;
    case 5:
    case 6:
    case 7:
        take({});
        break;
    case 8:
        take(anyId(random));
        break;
    case 9:
        tryTake();
        break;
    case 10:
        cancel(random);
        break;
    case 11:
    case 12:
        giveBack(random);
        break;
    case 13:
        drop(random);
        break;
    case 14:
        clientCloses(random);
        break;
    case 15:
        changeSettings(random);
        break;
    }
}

/// Moves what the pool has handed out to where the test holds it.
void tst_FaultsModel::collect()
{
    std::erase_if(m_takes, [&](const auto &entry) {
        const auto &[number, future] = entry;
        if (!future.isFinished())
            return false;
        const TakeResult taken = future.resultCount() > 0 ? future.result() : TakeResult();
        if (taken)
            m_held[taken.connection().id().value()] = taken.connection();
        const auto expected = m_model.served.find(number);
        const ConnectionId expectedId = expected == m_model.served.end() ? ConnectionId() : expected->second;
        if (expectedId != (taken ? taken.connection().id() : ConnectionId()))
            m_log.append(u"MISMATCH: take %1 should have got \"%2\""_s.arg(number).arg(expectedId.toString()));
        return true;
    });
}

QString tst_FaultsModel::difference()
{
    collect();
    const PoolStatus status = m_pool->status();
    QStringList lines = m_log.filter(u"MISMATCH"_s);
    const auto compare = [&](const char *what, qint64 actual, qint64 expected) {
        if (actual != expected)
            lines.append(u"%1 is %2 and should be %3"_s.arg(QLatin1String(what)).arg(actual).arg(expected));
    };
    compare("active", status.active, m_model.parked.size());
    compare("waiting", status.waiting, m_model.waiters.size());
    compare("leased", status.leased, m_model.leases.size());
    compare("unfinished takes", static_cast<qint64>(m_takes.size()), m_model.waiters.size());
    compare("overflowed", status.overflowed, m_model.overflowed);
    compare("replaced", status.evictedBy(EvictionCause::Replaced), m_model.replaced);
    compare("failed takes", status.takesFailed, m_model.failed);
    compare("cancelled takes", status.takesCancelled, m_model.cancelled);
    compare("takenTotal", status.takenTotal, static_cast<qint64>(m_model.served.size()));
    if (const QString mismatch = imbalance(status); !mismatch.isEmpty())
        lines.append(mismatch);
    return lines.join(u'\n');
}

void tst_FaultsModel::agrees()
{
    bool given = false;
    unsigned seed = static_cast<unsigned>(qEnvironmentVariableIntValue("TIDEPOOL_MODEL_SEED", &given));
    if (!given)
        seed = std::random_device{}() & 0x7fffffff;
    bool stepsGiven = false;
    int steps = qEnvironmentVariableIntValue("TIDEPOOL_MODEL_STEPS", &stepsGiven);
    if (!stepsGiven)
        steps = 1'000;
    std::minstd_rand random(seed);
    qInfo("TIDEPOOL_MODEL_SEED=%u", seed);

    m_pool = std::make_unique<ServerPool>();
    m_pool->setMaximumCapacity(m_model.capacity);
    m_pool->setMaximumWaiting(m_model.maximumWaiting);
    QVERIFY(m_pool->listen(QHostAddress::LocalHost));
    for (int i = 0; i < steps; ++i) {
        step(random);
        if (QTest::currentTestFailed() || !QTest::qWaitFor([&] { return difference().isEmpty(); }, 3'000)) {
            QFAIL(qPrintable(u"seed %1, step %2\n%3\nThe last operations:\n%4"_s.arg(seed).arg(i).arg(
                difference(), m_log.mid(std::max<qsizetype>(0, m_log.size() - 30)).join(u'\n'))));
        }
    }
    m_pool->close();
    QTRY_COMPARE(m_pool->waiting(), 0);
    VERIFY_COUNTERS(*m_pool);
}

QTEST_GUILESS_MAIN(tst_FaultsModel)
#include "tst_faults_model.moc"
