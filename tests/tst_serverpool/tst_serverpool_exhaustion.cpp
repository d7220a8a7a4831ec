// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The process runs out of descriptors: accepting pauses and resumes by itself, what is parked stays.

#include "support/poolhelpers.h"
#include "support/rawclient.h"
#include "support/resources.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// Clients whose descriptors exist before they connect.
class PreparedClients
{
public:
    explicit PreparedClients(int count)
    {
        for (int i = 0; i < count; ++i)
            m_descriptors.append(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }
    ~PreparedClients()
    {
        for (const int descriptor : m_descriptors)
            close(descriptor);
    }
    Q_DISABLE_COPY_MOVE(PreparedClients)

    /// Connects one more; true if the kernel took it.
    bool connectNext(quint16 port)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return connect(m_descriptors.at(m_next++), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
    }

private:
    QList<int> m_descriptors;
    qsizetype m_next = 0;
};

} // namespace

class tst_ServerPoolExhaustion : public QObject
{
    Q_OBJECT

private slots:
    void acceptingResumesByItself();
    void clientPoolRecovers();
};

void tst_ServerPoolExhaustion::acceptingResumesByItself()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> early = connectMany(pool.serverPort(), 3);
    QTRY_COMPARE(pool.active(), 3);
    PreparedClients late(5);

    {
        const DescriptorExhaustion exhaustion;
        if (!exhaustion.isActive())
            QSKIP("the descriptor limit cannot be lowered here");
        for (int i = 0; i < 5; ++i)
            QVERIFY(late.connectNext(pool.serverPort()));
        QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Resources);
        QCOMPARE(pool.lastError().phase(), Phase::Accept);
        QVERIFY(pool.status().failedIn(Phase::Accept) >= 1);
        // It pauses: trying again and again would find nothing new.
        QVERIFY(!QTest::qWaitFor([&] { return pool.status().failedIn(Phase::Accept) > 50; }, 500));
        QCOMPARE(pool.active(), 3);
    }
    QTRY_COMPARE(pool.active(), 8);
    QVERIFY(!pool.lastError());
    for (RawClient &client : early)
        VERIFY_TAKEN(await(pool.take(client.readHexId())));
    RawClient another(pool.serverPort());
    QVERIFY(another.readHexId().isValid());
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolExhaustion::clientPoolRecovers()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    std::optional<TakeResult> taken;
    {
        const DescriptorExhaustion exhaustion;
        if (!exhaustion.isActive())
            QSKIP("the descriptor limit cannot be lowered here");
        taken = pool.tryTake();
        VERIFY_TAKEN(*taken);
        QTRY_VERIFY(pool.lastError());
        QCOMPARE(pool.lastError().phase(), Phase::Dial);
        QCOMPARE(pool.lastError().kind(), ErrorKind::Resources);
        QVERIFY(!pool.lastError().isFatal());
        QCOMPARE(pool.active(), 2);
    }
    QTRY_COMPARE(pool.active(), 3);
    QCOMPARE(echo(taken->connection().socket(), "still here"), "still here"_ba);
}

QTEST_GUILESS_MAIN(tst_ServerPoolExhaustion)
#include "tst_serverpool_exhaustion.moc"
