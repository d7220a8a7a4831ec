// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A server hands out the newest connection whose id has arrived at the client.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// A client far away: its system does not get what the server sends, until it is let through.
class DistantClient
{
public:
    explicit DistantClient(quint16 port) : m_descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        // Whatever is longer than its TCP header is dropped.
        std::array<sock_filter, 8> code{{
            BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
            BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
            BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
            BPF_STMT(BPF_MISC | BPF_TAX, 0),
            BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, 0),
            BPF_STMT(BPF_RET | BPF_K, 0xffff),
        }};
        const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        m_isConnected = ::setsockopt(m_descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0
            && ::connect(m_descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    }
    ~DistantClient() { ::close(m_descriptor); }
    Q_DISABLE_COPY_MOVE(DistantClient)

    [[nodiscard]] bool isConnected() const { return m_isConnected; }
    /// Waits for the id, which the server's system sends again.
    [[nodiscard]] ConnectionId receiveId() const
    {
        const int unused = 0;
        (void)::setsockopt(m_descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
        std::array<char, 8> digits{};
        if (::recv(m_descriptor, digits.data(), digits.size(), MSG_WAITALL) != 8)
            return {};
        return ConnectionId::fromString(QString::fromLatin1(digits.data(), 8)).value_or(ConnectionId());
    }

private:
    int m_descriptor;
    bool m_isConnected = false;
};

} // namespace

class tst_TakeArrived : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void newestOfThoseThatArrived();
    void oneThatNeverArrivesHoldsUpNobody();
    void byNameAsEver();
    void oldestFirstAsEver();
};

void tst_TakeArrived::init()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Only Linux tells what has arrived.");
#endif
}

void tst_TakeArrived::newestOfThoseThatArrived()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient near(pool.serverPort());
    const ConnectionId nearId = near.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    const DistantClient first(pool.serverPort());
    QVERIFY(first.isConnected());
    QTRY_COMPARE(pool.active(), 2);
    const DistantClient second(pool.serverPort());
    QVERIFY(second.isConnected());
    QTRY_COMPARE(pool.active(), 3);
    QCOMPARE(pool.connections(10).size(), 3);

    const TakeResult arrived = pool.tryTake();
    VERIFY_TAKEN(arrived);
    QCOMPARE(arrived.connection().id(), nearId);
    // All are under way: the one that has been for longest is the next to arrive.
    const TakeResult underWay = pool.tryTake();
    VERIFY_TAKEN(underWay);
    QCOMPARE(underWay.connection().id(), first.receiveId());
    VERIFY_TAKEN(pool.tryTake());
    VERIFY_COUNTERS(pool);
}

void tst_TakeArrived::oneThatNeverArrivesHoldsUpNobody()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const DistantClient never(pool.serverPort());
    QVERIFY(never.isConnected());
    QTRY_COMPARE(pool.active(), 1);
    std::vector<RawClient> clients;
    QList<ConnectionId> ids;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(pool.serverPort());
        ids.append(clients.back().readHexId());
        QTRY_COMPARE(pool.active(), i + 2);
    }
    for (int i = 2; i >= 0; --i)
        QCOMPARE(pool.tryTake().connection().id(), ids.at(i));
    VERIFY_TAKEN(pool.tryTake());
    VERIFY_COUNTERS(pool);
}

void tst_TakeArrived::byNameAsEver()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const DistantClient client(pool.serverPort());
    QVERIFY(client.isConnected());
    QTRY_COMPARE(pool.active(), 1);
    const ConnectionId id = pool.connections(1).constFirst().id;
    VERIFY_TAKEN(await(pool.take(id, 1s)));
    QCOMPARE(client.receiveId(), id);
    VERIFY_COUNTERS(pool);
}

void tst_TakeArrived::oldestFirstAsEver()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const DistantClient oldest(pool.serverPort());
    QVERIFY(oldest.isConnected());
    QTRY_COMPARE(pool.active(), 1);
    pool.setTakeOrder(TakeOrder::OldestFirst);
    RawClient newest(pool.serverPort());
    QVERIFY(newest.readHexId().isValid());
    QTRY_COMPARE(pool.active(), 2);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id(), oldest.receiveId());
}

QTEST_GUILESS_MAIN(tst_TakeArrived)
#include "tst_take_arrived.moc"
