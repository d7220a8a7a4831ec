// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A peer closes just while its connection is being taken. If the end of the connection had reached this side before
// the take began, the take must not hand it out.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QFile>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

int raceCount()
{
    bool given = false;
    const int races = qEnvironmentVariableIntValue("TIDEPOOL_RACES", &given);
    if (given)
        return races;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return 1'000;
#else
    return 10'000;
#endif
}

enum class Ending {
    Close,
    SpeakAndClose,
    Reset,
};

void spin(unsigned turns)
{
    static std::atomic<unsigned> sink;
    for (unsigned i = 0; i < turns; ++i)
        sink.fetch_add(1, std::memory_order_relaxed);
}

void resetOnClose(int descriptor)
{
    const linger now{1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/// True if the system knows no live connection from @p clientPort to @p serverPort any more, seen from the server.
bool isGone(quint16 serverPort, quint16 clientPort)
{
    QFile table(u"/proc/net/tcp"_s);
    if (!table.open(QIODevice::ReadOnly))
        return false;
    const QByteArray pair = " 0100007F:" + QByteArray::number(serverPort, 16).toUpper().rightJustified(4, '0')
        + " 0100007F:" + QByteArray::number(clientPort, 16).toUpper().rightJustified(4, '0') + " 01";
    return !table.readAll().contains(pair);
}

/// A client end that ends on command, in a thread of its own, and tells when its end has arrived at the server.
class Closer
{
public:
    explicit Closer(quint16 serverPort) : m_serverPort(serverPort), m_thread([this] { run(); }) {}
    ~Closer()
    {
        {
            const std::scoped_lock lock(m_mutex);
            m_job = quit;
            m_changed.notify_all();
        }
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Closer)

    /// Returns when the end has arrived.
    static void close(int descriptor, Ending ending)
    {
        if (ending == Ending::SpeakAndClose)
            static_cast<void>(send(descriptor, "bye", 3, MSG_NOSIGNAL));
        shutdown(descriptor, SHUT_WR);
        // The server's system has acknowledged the FIN.
        tcp_info info{};
        do {
            socklen_t size = sizeof info;
            getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size);
        } while (info.tcpi_state == TCP_FIN_WAIT1);
    }

    void go(int descriptor, Ending ending, unsigned delay)
    {
        m_arrived = false;
        const std::scoped_lock lock(m_mutex);
        m_ending = ending;
        m_delay = delay;
        m_isDone = false;
        m_job = descriptor;
        m_changed.notify_all();
    }
    /// The FIN or RST has reached the server's end.
    [[nodiscard]] bool hasArrived() const { return m_arrived; }
    void wait()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_isDone; });
    }

private:
    static constexpr int none = -1;
    static constexpr int quit = -2;

    void run()
    {
        std::unique_lock lock(m_mutex);
        for (;;) {
            m_changed.wait(lock, [this] { return m_job != none; });
            const int job = std::exchange(m_job, none);
            if (job == quit)
                return;
            lock.unlock();
            spin(m_delay);
            if (m_ending == Ending::Reset)
                reset(job);
            else
                close(job, m_ending);
            m_arrived = true;
            lock.lock();
            m_isDone = true;
            m_changed.notify_all();
        }
    }

    void reset(int descriptor) const
    {
        sockaddr_in own{};
        socklen_t size = sizeof own;
        getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &size);
        resetOnClose(descriptor);
        ::close(descriptor);
        while (!isGone(m_serverPort, ntohs(own.sin_port)))
            std::this_thread::sleep_for(20us);
    }

    const quint16 m_serverPort;
    Ending m_ending = Ending::Close;
    unsigned m_delay = 0;
    std::atomic<bool> m_arrived = false;
    std::mutex m_mutex; // the rest
    std::condition_variable m_changed;
    int m_job = none;
    bool m_isDone = true;
    std::thread m_thread; // last: it uses the others
};

/// Spreads the takes so that about every second one comes too late.
class Pace
{
public:
    explicit Pace(std::minstd_rand &random) : m_random(random) {}
    void delay() { spin(static_cast<unsigned>(m_random()) % m_limit); }
    void adapt(bool wasLate)
    {
        constexpr unsigned least = 100;
        constexpr unsigned most = 10'000'000;
        m_limit = std::clamp(wasLate ? m_limit - m_limit / 4 : m_limit + m_limit / 2, least, most);
    }

private:
    std::minstd_rand &m_random;
    unsigned m_limit = 5'000;
};

void waitForActive(const Pool &pool, int active)
{
    while (pool.active() != active)
        std::this_thread::sleep_for(20us);
}

int connectTo(quint16 port)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        qFatal("cannot connect");
    return descriptor;
}

ConnectionId readId(int descriptor)
{
    char digits[8] = {};
    const ssize_t count = recv(descriptor, digits, sizeof digits, MSG_WAITALL);
    return count == 8 ? ConnectionId::fromString(QString::fromLatin1(digits, 8)).value_or(ConnectionId())
                      : ConnectionId();
}

} // namespace

class tst_FaultsRaces : public QObject
{
    Q_OBJECT

private slots:
    void closingWhileTaken_data();
    void closingWhileTaken();
    void closingWhileTakenOverTls();
    void manyClosingWhileManyTake_data();
    void manyClosingWhileManyTake();
};

void tst_FaultsRaces::closingWhileTaken_data()
{
    QTest::addColumn<int>("ending");
    QTest::newRow("close") << static_cast<int>(Ending::Close);
    QTest::newRow("speak and close") << static_cast<int>(Ending::SpeakAndClose);
    QTest::newRow("reset") << static_cast<int>(Ending::Reset);
}

void tst_FaultsRaces::closingWhileTaken()
{
    QFETCH(int, ending);
    const auto theEnding = static_cast<Ending>(ending);
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Closer closer(pool.serverPort());
    std::minstd_rand random(std::random_device{}());
    Pace pace(random);
    // What is sent with a FIN delays its acknowledgement; to see a reset arrive, the whole table of connections has to
    // be read.
    const int share = theEnding == Ending::Close ? 2 : theEnding == Ending::SpeakAndClose ? 10 : 100;
    const int races = std::max(raceCount() / share, 50);
    int handedOut = 0;
    int deadBefore = 0;
    int violations = 0;
    for (int i = 0; i < races; ++i) {
        const int client = connectTo(pool.serverPort());
        const ConnectionId id = readId(client);
        waitForActive(pool, 1);

        const auto end = [&] { closer.go(client, theEnding, static_cast<unsigned>(random() % 2'000)); };
        // Whatever the pace, there is one of each kind: the first ends behind the take, the second before it.
        if (i > 0)
            end();
        if (i == 1)
            closer.wait();
        pace.delay();
        const bool wasDead = i > 0 && closer.hasArrived();
        pace.adapt(wasDead);
        const TakeResult taken = i % 2 == 0 ? pool.tryTake() : pool.take(id, 0ms).result();
        if (i == 0)
            end();
        deadBefore += wasDead ? 1 : 0;
        handedOut += taken ? 1 : 0;
        violations += wasDead && taken ? 1 : 0;

        closer.wait();
        if (theEnding != Ending::Reset) {
            resetOnClose(client); // leaves nothing in TIME_WAIT
            ::close(client);
        }
        if (i % 64 == 0)
            QCoreApplication::processEvents();
        waitForActive(pool, 0);
    }
    qInfo("%d races: %d handed out, %d were dead before the take", races, handedOut, deadBefore);
    QCOMPARE(violations, 0);
    QVERIFY(handedOut > 0);
    QVERIFY(deadBefore > 0);
    const PoolStatus status = pool.status();
    QCOMPARE(status.taken, handedOut);
    QCOMPARE(status.evictedTotal(), races - handedOut);
    QCOMPARE(status.established, races);
    VERIFY_BOOKS(pool);
}

void tst_FaultsRaces::closingWhileTakenOverTls()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Closer closer(pool.serverPort());
    std::minstd_rand random(std::random_device{}());
    Pace pace(random);
    const int races = raceCount() / 40;
    int violations = 0;
    for (int i = 0; i < races; ++i) {
        RawClient client(pool.serverPort());
        QVERIFY(client.encrypt());
        QVERIFY(client.readHexId().isValid());
        waitForActive(pool, 1);
        closer.go(static_cast<int>(client.socket()->socketDescriptor()), Ending::Close,
                  static_cast<unsigned>(random() % 2'000));
        pace.delay();
        const bool wasDead = closer.hasArrived();
        pace.adapt(wasDead);
        const TakeResult taken = pool.tryTake();
        violations += wasDead && taken ? 1 : 0;
        closer.wait();
        waitForActive(pool, 0);
    }
    QCOMPARE(violations, 0);
    VERIFY_BOOKS(pool);
}

void tst_FaultsRaces::manyClosingWhileManyTake_data()
{
    QTest::addColumn<bool>("isLaneBusy");
    QTest::newRow("idle lane") << false;
    QTest::newRow("busy lane") << true; // what a taker finds out about others reaches it late
}

// Three takers empty the pool while every second peer ends.
void tst_FaultsRaces::manyClosingWhileManyTake()
{
    QFETCH(bool, isLaneBusy);
    constexpr int count = 40;
    ClientPool other(u"127.0.0.1"_s, 1); // in the same lane
    if (isLaneBusy) {
        other.setBackoff({1ms, 1ms, 1.0});
        other.setDialer([](QSslSocket &socket) {
            std::this_thread::sleep_for(300us);
            socket.connectToHost(u"127.0.0.1"_s, 1);
        });
        other.start();
    }
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const int rounds = std::max(raceCount() / count, 1);
    int deadBefore = 0;
    int handedOut = 0;
    std::atomic<int> violations = 0;
    for (int round = 0; round < rounds; ++round) {
        std::vector<int> clients;
        std::map<quint32, size_t> places;
        for (size_t i = 0; i < count; ++i) {
            clients.push_back(connectTo(pool.serverPort()));
            places[readId(clients.back()).value()] = i;
        }
        waitForActive(pool, count);

        using Clock = std::chrono::steady_clock;
        std::array<std::atomic<Clock::duration>, count> ends{}; // when the end was seen to have arrived
        std::atomic<bool> isStarted = false;
        const bool isBefore = round == 0; // however fast the takers are, some are too late
        std::thread closer([&] {
            while (!isStarted && !isBefore) {}
            for (size_t i = 0; i < count; i += 2) {
                Closer::close(clients[i], i % 4 == 0 ? Ending::Close : Ending::SpeakAndClose);
                ends[i] = Clock::now().time_since_epoch();
            }
        });
        std::atomic<int> taken = 0;
        std::vector<std::thread> takers;
        for (unsigned taker = 0; taker < 3; ++taker) {
            takers.emplace_back([&, pause = 1'000U * (taker + 1)] {
                while (!isStarted) {}
                for (;;) {
                    const auto begin = Clock::now().time_since_epoch();
                    const TakeResult result = pool.tryTake();
                    if (!result)
                        return;
                    ++taken;
                    const auto end = ends[places.at(result.connection().id().value())].load();
                    violations += end.count() != 0 && end < begin ? 1 : 0;
                    spin(pause);
                }
            });
        }
        if (isBefore)
            closer.join();
        isStarted = true;
        if (!isBefore)
            closer.join();
        for (std::thread &taker : takers)
            taker.join();
        handedOut += taken;
        deadBefore += count - taken;
        for (const int client : clients) {
            resetOnClose(client);
            ::close(client);
        }
        QCoreApplication::processEvents();
        waitForActive(pool, 0);
    }
    qInfo("%d rounds: %d handed out, %d were dead before the take", rounds, handedOut, deadBefore);
    QCOMPARE(violations.load(), 0);
    QVERIFY(handedOut > 0);
    QVERIFY(deadBefore > 0);
    QCOMPARE(pool.status().taken, handedOut);
    VERIFY_BOOKS(pool);
}

QTEST_GUILESS_MAIN(tst_FaultsRaces)
#include "tst_faults_races.moc"
