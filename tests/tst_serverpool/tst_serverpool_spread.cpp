// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The handshakes of one server pool in several I/O threads.

#include "support/certificates.h"
#include "support/poolhelpers.h"
#include "support/process.h"
#include "support/rawclient.h"
#include "support/resources.h"

#include <QtCore/QElapsedTimer>

#include <algorithm>
#include <memory>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolSpread : public QObject
{
    Q_OBJECT

private slots:
    void init() { IoThreads::setCount(2); }
    void cleanup();
    void allIoThreadsShakeHands();
    void oneIoThreadStaysAlone();
    void plainConnectionsNeedNoOther();
    void callersThreadDoesItAll();
    void otherPoolsGoWhereTheFewestLive();
    void earlyBytesAreThereAtTheTake();
    void earlyBytesOfOpenSsl();
    void roomIsExact();
    void oneGetsTheControlId();
    void closeLeavesNothing_data();
    void closeLeavesNothing();
    void oldGenerationIsDropped_data();
    void oldGenerationIsDropped();
    void refusedOnesAreDropped();
    void hungHandshakesTimeOut();
    void hungHandshakesMakeRoom();
    void waitingForAPlaceCountsToo();
};

namespace {

constexpr int many = 16;
const QByteArray ioThread = "tidepool-io"_ba;

// Many that connect and shake hands together.
class Clients
{
public:
    Clients(quint16 port, int count, const QByteArray &greeting = {})
    {
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
        configuration.setProtocol(QSsl::TlsV1_3OrLater);
        for (int i = 0; i < count; ++i) {
            auto socket = std::make_unique<QSslSocket>();
            socket->setProxy(QNetworkProxy::NoProxy);
            socket->setSslConfiguration(configuration);
            socket->connectToHostEncrypted(u"127.0.0.1"_s, port);
            if (!greeting.isEmpty())
                socket->write(greeting + QByteArray::number(i).rightJustified(4, '0')); // right behind the handshake
            m_sockets.push_back(std::move(socket));
        }
    }

    // Each has its id, or has been turned away.
    [[nodiscard]] bool areSettled() const
    {
        return std::ranges::all_of(m_sockets, [](const auto &socket) {
            return socket->bytesAvailable() >= 8 || socket->state() == QAbstractSocket::UnconnectedState;
        });
    }
    [[nodiscard]] std::vector<QSslSocket *> connected() const
    {
        std::vector<QSslSocket *> result;
        for (const auto &socket : m_sockets) {
            if (socket->state() == QAbstractSocket::ConnectedState && socket->isEncrypted())
                result.push_back(socket.get());
        }
        return result;
    }
    [[nodiscard]] int connectedCount() const { return static_cast<int>(connected().size()); }

private:
    std::vector<std::unique_ptr<QSslSocket>> m_sockets;
};

ConnectionId idOf(QSslSocket &socket)
{
    return ConnectionId::fromString(QString::fromLatin1(socket.peek(8))).value_or(ConnectionId());
}

// Clients that begin a handshake and say no more.
std::vector<RawClient> connectHung(quint16 port, int count)
{
    std::vector<RawClient> clients = connectMany(port, count);
    for (RawClient &client : clients)
        client.write(QByteArray::fromHex("16030101")); // the rest of the ClientHello does not come
    return clients;
}

void listenEncrypted(ServerPool &pool)
{
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY2(pool.listen(QHostAddress::LocalHost), qPrintable(pool.lastError().message()));
}

} // namespace

// Whatever a test does, no I/O thread is left.
void tst_ServerPoolSpread::cleanup()
{
    IoThreads::setCount(1);
    if (runningThreads() >= 0)
        QTRY_COMPARE(runningThreads(ioThread), 0);
}

void tst_ServerPoolSpread::allIoThreadsShakeHands()
{
    if (runningThreads() < 0)
        QSKIP("cannot look at threads here");
    ServerPool pool;
    listenEncrypted(pool);
    const Clients clients(pool.serverPort(), 4 * many);
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 4 * many, 20'000);
    const auto times = threadTimes(ioThread);
    QCOMPARE(times.size(), size_t(2));
    const auto milliseconds = [](std::chrono::nanoseconds time) {
        return std::chrono::duration<double, std::milli>(time).count();
    };
    qInfo("%.1f and %.1f ms of processor time", milliseconds(times.front()), milliseconds(times.back()));
    const auto [least, most] = std::ranges::minmax(times);
    QVERIFY(least * 3 > most);
    VERIFY_COUNTERS(pool);
    QCOMPARE(pool.status().handshaking, 0);
}

void tst_ServerPoolSpread::oneIoThreadStaysAlone()
{
    if (runningThreads() < 0)
        QSKIP("cannot look at threads here");
    IoThreads::setCount(1);
    ServerPool pool;
    listenEncrypted(pool);
    const Clients clients(pool.serverPort(), many);
    QTRY_COMPARE(pool.active(), many);
    QCOMPARE(runningThreads(ioThread), 1);
}

void tst_ServerPoolSpread::plainConnectionsNeedNoOther()
{
    if (runningThreads() < 0)
        QSKIP("cannot look at threads here");
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const std::vector<RawClient> clients = connectMany(pool.serverPort(), many);
    QTRY_COMPARE(pool.active(), many);
    QCOMPARE(runningThreads(ioThread), 1);
}

void tst_ServerPoolSpread::callersThreadDoesItAll()
{
    if (runningThreads() < 0)
        QSKIP("cannot look at threads here");
    ServerPool pool;
    pool.setUsesCallerThread(true);
    listenEncrypted(pool);
    const Clients clients(pool.serverPort(), many);
    QTRY_COMPARE(pool.active(), many);
    QCOMPARE(runningThreads(ioThread), 0);
}

// A pool that only lends its handshakes to an I/O thread does not count there as one that lives in it.
void tst_ServerPoolSpread::otherPoolsGoWhereTheFewestLive()
{
    if (runningThreads() < 0)
        QSKIP("cannot look at threads here");
    ServerPool pool;
    listenEncrypted(pool);
    const Clients clients(pool.serverPort(), many);
    QTRY_COMPARE(pool.active(), many);
    const auto before = threadTimes(ioThread);
    ServerPool plain;
    QVERIFY(plain.listen(QHostAddress::LocalHost));
    const std::vector<RawClient> plainClients = connectMany(plain.serverPort(), 8 * many);
    QTRY_COMPARE(plain.active(), 8 * many);
    const auto after = threadTimes(ioThread);
    QCOMPARE(after.size(), size_t(2));
    QVERIFY(after.back() - before.back() > after.front() - before.front()); // the one that was made second
}

void tst_ServerPoolSpread::earlyBytesAreThereAtTheTake()
{
    ServerPool pool;
    listenEncrypted(pool);
    const Clients clients(pool.serverPort(), many, "early "_ba);
    QTRY_COMPARE(pool.active(), many);
    QTRY_VERIFY(clients.areSettled());
    const auto connected = clients.connected();
    QCOMPARE(connected.size(), size_t(many));
    for (size_t i = 0; i < connected.size(); ++i) {
        QSslSocket *client = connected.at(i);
        const TakeResult taken = await(pool.take(idOf(*client)));
        VERIFY_TAKEN(taken);
        QCOMPARE(readExactly(taken.connection().socket(), 10),
                 "early "_ba + QByteArray::number(static_cast<int>(i)).rightJustified(4, '0'));
        client->read(8);
        taken.connection().socket()->write("answer");
        QCOMPARE(readExactly(client, 6), "answer"_ba);
    }
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolSpread::earlyBytesOfOpenSsl()
{
    SKIP_IF_PROCESSES_CONFUSE();
    const QString openssl = findProgram(u"openssl"_s);
    if (openssl.isEmpty())
        QSKIP("openssl is not installed");
    ServerPool pool;
    listenEncrypted(pool);
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<Process>());
        QVERIFY(clients.back()->run(
            openssl,
            {u"s_client"_s, u"-quiet"_s, u"-tls1_3"_s, u"-connect"_s, u"127.0.0.1:%1"_s.arg(pool.serverPort())}));
        clients.back()->write("line "_ba + QByteArray::number(i) + '\n');
    }
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 8, 20'000);
    for (int i = 0; i < 8; ++i) {
        Process &client = *clients.at(static_cast<size_t>(i));
        QTRY_VERIFY2(client.output().size() >= 8, client.errors().constData());
        const auto id = ConnectionId::fromString(QString::fromLatin1(client.output().left(8)));
        QVERIFY(id);
        const TakeResult taken = await(pool.take(*id));
        VERIFY_TAKEN(taken);
        QCOMPARE(readExactly(taken.connection().socket(), 7), "line "_ba + QByteArray::number(i) + '\n');
        taken.connection().socket()->write("an answer\n");
        QTRY_COMPARE(client.output().mid(8), "an answer\n"_ba);
    }
}

// Handshakes that end at the same moment in two threads do not share the last place.
void tst_ServerPoolSpread::roomIsExact()
{
    for (int i = 0; i < times(5); ++i) {
        ServerPool pool;
        pool.setMaximumCapacity(5);
        listenEncrypted(pool);
        const Clients clients(pool.serverPort(), many);
        QTRY_COMPARE(pool.active(), 5);
        QTRY_VERIFY(clients.areSettled());
        QCOMPARE(clients.connectedCount(), 5);
        QCOMPARE(pool.active(), 5);
        QTRY_COMPARE(pool.status().handshaking, 0);
        VERIFY_COUNTERS(pool);
    }
}

void tst_ServerPoolSpread::oneGetsTheControlId()
{
    for (int i = 0; i < times(5); ++i) {
        ServerPool pool;
        pool.setReservesControlId(true);
        listenEncrypted(pool);
        const Clients clients(pool.serverPort(), many);
        QTRY_COMPARE(pool.active(), many - 1);
        QTRY_COMPARE(pool.status().control, 1);
        QTRY_VERIFY(clients.areSettled());
        QCOMPARE(std::ranges::count_if(clients.connected(),
                                       [](QSslSocket *client) { return idOf(*client) == ConnectionId(0); }),
                 1);
        VERIFY_COUNTERS(pool);
    }
}

void tst_ServerPoolSpread::closeLeavesNothing_data()
{
    QTest::addColumn<bool>("isShared");
    QTest::newRow("the only pool") << false;
    QTest::newRow("one of two pools") << true; // the I/O threads live on
}

// Closed at other moments of its handshakes each time, some of which hang.
void tst_ServerPoolSpread::closeLeavesNothing()
{
    QFETCH(bool, isShared);
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    ServerPool other;
    Clients others(0, 0);
    if (isShared) {
        listenEncrypted(other);
        others = Clients(other.serverPort(), many);
        QTRY_COMPARE(other.active(), many);
        QCOMPARE(runningThreads(ioThread), 2);
    }
    int interrupted = 0;
    const auto closeAt = [&](int milliseconds) {
        ServerPool pool;
        listenEncrypted(pool);
        {
            const auto hung = connectHung(pool.serverPort(), 6);
            const Clients clients(pool.serverPort(), many);
            QTest::qWait(milliseconds);
            interrupted += pool.status().handshaking > 6 ? 1 : 0;
            pool.close();
            QCOMPARE(pool.status().handshaking, 0);
            QCOMPARE(pool.status().active, 0);
            QTRY_COMPARE(runningThreads(ioThread), isShared ? 2 : 0); // which close what was parked
            for (const RawClient &client : hung)
                QTRY_COMPARE(client.socket()->state(), QAbstractSocket::UnconnectedState);
            QTRY_COMPARE(clients.connectedCount(), 0);
        }
        VERIFY_COUNTERS(pool);
    };
    closeAt(0); // sets up what Qt and OpenSSL need once
    const int descriptors = openDescriptors();
    for (int i = 0; i < times(20); ++i)
        closeAt(2 * i);
    QVERIFY(interrupted > 0);
    QTRY_COMPARE(openDescriptors(), descriptors);
    if (isShared) {
        const Clients more(other.serverPort(), many); // which still works
        QTRY_COMPARE(other.active(), 2 * many);
    }
}

void tst_ServerPoolSpread::oldGenerationIsDropped_data()
{
    QTest::addColumn<bool>("isFlush");
    QTest::newRow("flush") << true;
    QTest::newRow("another certificate") << false;
}

void tst_ServerPoolSpread::oldGenerationIsDropped()
{
    QFETCH(bool, isFlush);
    const Credentials changed = selfSigned();
    int interrupted = 0;
    for (int i = 0; i < times(10); ++i) {
        ServerPool pool;
        pool.setReservesControlId(true);
        listenEncrypted(pool);
        const QSslCertificate before = pool.certificate();
        const auto hung = connectHung(pool.serverPort(), 4);
        const Clients clients(pool.serverPort(), many);
        QTest::qWait(4 * i);
        interrupted += pool.status().handshaking > 4 ? 1 : 0;
        if (isFlush)
            pool.flush();
        else
            pool.setTls(showing(changed, TlsMode::SelfSigned));
        for (const RawClient &client : hung)
            QTRY_COMPARE(client.socket()->state(), QAbstractSocket::UnconnectedState);
        const Clients later(pool.serverPort(), many);
        QTRY_COMPARE(later.connectedCount(), many);
        QTRY_VERIFY(clients.areSettled() && later.areSettled());
        QTRY_COMPARE(pool.status().handshaking, 0);
        // Nobody is left outside the pool, and nobody inside is of before.
        QTRY_COMPARE(clients.connectedCount() + later.connectedCount(), pool.active() + pool.status().control);
        QCOMPARE(pool.status().control, 1);
        auto all = clients.connected();
        std::ranges::copy(later.connected(), std::back_inserter(all));
        for (const QSslSocket *client : all)
            QCOMPARE(client->peerCertificate(), isFlush ? before : changed.certificate());
        VERIFY_COUNTERS(pool);
    }
    QVERIFY(interrupted > 0);
}

void tst_ServerPoolSpread::refusedOnesAreDropped()
{
    ServerPool pool;
    listenEncrypted(pool);
    const auto hung = connectHung(pool.serverPort(), 6);
    QTRY_COMPARE(pool.status().handshaking, 6);
    QVERIFY(pool.setAllowedClients({u"192.0.2.0/24"_s}));
    for (const RawClient &client : hung)
        QTRY_COMPARE(client.socket()->state(), QAbstractSocket::UnconnectedState);
    QTRY_COMPARE(pool.status().handshaking, 0);
    QCOMPARE(pool.status().refused, 6);
}

void tst_ServerPoolSpread::hungHandshakesTimeOut()
{
    ServerPool pool;
    pool.setMaximumHandshakes(4);
    Timeouts timeouts;
    timeouts.handshake = 500ms;
    pool.setTimeouts(timeouts);
    listenEncrypted(pool);
    QElapsedTimer clock;
    clock.start();
    const auto hung = connectHung(pool.serverPort(), 4);
    QTRY_COMPARE(pool.status().failedIn(Phase::Handshake), 4);
    QVERIFY2(clock.elapsed() >= 500, "before its time");
    QVERIFY(pool.lastError().message().contains(u"500 ms"));
    QCOMPARE(pool.lastError().kind(), ErrorKind::Timeout);
    QTRY_COMPARE(pool.status().handshaking, 0);
    for (const RawClient &client : hung)
        QTRY_COMPARE(client.socket()->state(), QAbstractSocket::UnconnectedState);
    const Clients clients(pool.serverPort(), 4); // for whom there are places again
    QTRY_COMPARE(pool.active(), 4);
    VERIFY_COUNTERS(pool);
}

// When others wait, after their second.
void tst_ServerPoolSpread::hungHandshakesMakeRoom()
{
    ServerPool pool;
    pool.setMaximumHandshakes(4);
    Timeouts timeouts;
    timeouts.handshake = 60s;
    pool.setTimeouts(timeouts);
    listenEncrypted(pool);
    const auto hung = connectHung(pool.serverPort(), 4);
    QTRY_COMPARE(pool.status().handshaking, 4);
    const Clients clients(pool.serverPort(), 4);
    QTRY_COMPARE(pool.active(), 4);
    QVERIFY(pool.status().overflowed >= 1);
    VERIFY_COUNTERS(pool);
}

// The deadline of a handshake is that of the client's arrival, in whatever thread it begins.
void tst_ServerPoolSpread::waitingForAPlaceCountsToo()
{
    ServerPool pool;
    pool.setMaximumHandshakes(2);
    Timeouts timeouts;
    timeouts.handshake = 1'500ms;
    pool.setTimeouts(timeouts);
    listenEncrypted(pool);
    QElapsedTimer clock;
    clock.start();
    const auto hung = connectHung(pool.serverPort(), 4); // two of them get their places after a second
    QTRY_COMPARE(pool.status().overflowed + pool.status().failedIn(Phase::Handshake), 4);
    QVERIFY2(clock.elapsed() < 2'400, qPrintable(u"%1 ms"_s.arg(clock.elapsed())));
    QVERIFY(pool.status().overflowed >= 1);
    QTRY_COMPARE(pool.status().handshaking, 0);
}

QTEST_GUILESS_MAIN(tst_ServerPoolSpread)
#include "tst_serverpool_spread.moc"
