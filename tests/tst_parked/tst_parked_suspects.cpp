// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A link that loses every packet, in the way that a link does: the peer's system gets none of them, so it does not
// answer the probes of ours either. That takes a filter on the peer's descriptors, and no privileges.

#include "support/poolhelpers.h"

#include <QtCore/QDir>

#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// The link to the server on one port, whose end is in this process.
class Link
{
public:
    enum class Part { All, Listener };

    explicit Link(quint16 port) : m_port(port) {}
    [[nodiscard]] static bool isPossible()
    {
        const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool isSet = setFilter(descriptor, SO_ATTACH_FILTER);
        ::close(descriptor);
        return isSet;
    }
    /// Nothing is on its way to the client: the server would send it again and again.
    [[nodiscard]] bool isQuiet() const
    {
        int bytes = 0;
        forEach(Part::All, [&bytes](int descriptor) {
            int unacknowledged = 0;
            (void)::ioctl(descriptor, SIOCOUTQ, &unacknowledged);
            bytes += unacknowledged;
        });
        return bytes == 0;
    }
    void goDown() const
    {
        forEach(Part::All, [](int descriptor) { (void)setFilter(descriptor, SO_ATTACH_FILTER); });
    }
    void comeUp(Part part) const
    {
        forEach(part, [](int descriptor) { (void)setFilter(descriptor, SO_DETACH_FILTER); });
    }

private:
    static bool setFilter(int descriptor, int option)
    {
        sock_filter dropAll{BPF_RET | BPF_K, 0, 0, 0};
        const sock_fprog program{1, &dropAll};
        return ::setsockopt(descriptor, SOL_SOCKET, option, &program, sizeof program) == 0;
    }
    void forEach(Part part, const std::function<void(int)> &act) const
    {
        const QStringList names = QDir(u"/proc/self/fd"_s).entryList(QDir::System | QDir::AllEntries);
        for (const QString &name : names) {
            bool isNumber = false;
            const int descriptor = name.toInt(&isNumber);
            sockaddr_in address{};
            socklen_t size = sizeof address;
            if (!isNumber || ::getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &size) != 0
                || address.sin_family != AF_INET || ntohs(address.sin_port) != m_port)
                continue;
            int listens = 0;
            size = sizeof listens;
            (void)::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
            if (part == Part::All || listens != 0)
                act(descriptor);
        }
    }

    const quint16 m_port;
};

int keepAliveIdleOf(const QSslSocket &socket)
{
    int seconds = -1;
    socklen_t size = sizeof seconds;
    (void)::getsockopt(static_cast<int>(socket.socketDescriptor()), IPPROTO_TCP, TCP_KEEPIDLE, &seconds, &size);
    return seconds;
}

} // namespace

/// Parked connections whose server may be gone.
class tst_ParkedSuspects : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void linkIsDownForAMoment_data();
    void linkIsDownForAMoment();
    void onlyTheOldOnesAreDead_data();
    void onlyTheOldOnesAreDead();

private:
    static void begin(ClientPool &pool, const TestPeer &peer, const Link &link, std::chrono::milliseconds silent = 0ms);
};

void tst_ParkedSuspects::initTestCase()
{
    if (!Link::isPossible())
        QSKIP("This system has no filters of sockets.");
}

// Four parked, of which one is taken when the link is down; the dial for its replacement gets no answer.
void tst_ParkedSuspects::begin(ClientPool &pool, const TestPeer &peer, const Link &link,
                               std::chrono::milliseconds silent)
{
    configure(pool, peer, 4);
    Timeouts timeouts = pool.timeouts();
    timeouts.dial = 500ms;
    pool.setTimeouts(timeouts);
    pool.setBackoff({100ms, 200ms, 1.0});
    pool.setTakeOrder(TakeOrder::OldestFirst); // the new ones are the last, then
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QTRY_VERIFY(link.isQuiet());
    QTest::qWait(static_cast<int>(silent.count()));
    link.goDown();
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken); // nobody can know yet
    QTRY_COMPARE(pool.status().suspects, 3);
    QCOMPARE(pool.active(), 3);
    QCOMPARE(pool.status().diagnosis, Diagnosis::NoAnswer);
}

void tst_ParkedSuspects::linkIsDownForAMoment_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<KeepAlive>("keepAlive");
    QTest::addColumn<std::chrono::milliseconds>("silent"); // before
    QTest::addColumn<std::chrono::milliseconds>("down");
    const KeepAlive usual;
    QTest::newRow("plain") << false << usual << 0ms << 0ms;
    QTest::newRow("TLS") << true << usual << 0ms << 0ms;
    QTest::newRow("longer than a dial takes") << false << usual << 0ms << 5'000ms;
    // The system counts questions then, and three would be over in three seconds.
    KeepAlive counting;
    counting.userTimeout = 0ms;
    QTest::newRow("without a user timeout") << false << counting << 0ms << 5'000ms;
    // One question without an answer would be the end.
    KeepAlive silent;
    silent.idle = 60s;
    silent.userTimeout = 4'000ms;
    QTest::newRow("silent for longer than the user timeout") << false << silent << 4'500ms << 1'200ms;
}

// Nothing is lost: they answer, and are as good as before.
void tst_ParkedSuspects::linkIsDownForAMoment()
{
    QFETCH(const bool, encrypted);
    QFETCH(const KeepAlive, keepAlive);
    QFETCH(const std::chrono::milliseconds, silent);
    QFETCH(const std::chrono::milliseconds, down);
    const TestPeer peer(PeerScript::echoing(encrypted));
    const Link link(peer.port());
    ClientPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setKeepAlive(keepAlive);
    begin(pool, peer, link, silent);
    if (QTest::currentTestFailed())
        return;
    QVERIFY(!QTest::qWaitFor([&] { return pool.active() < 3; }, static_cast<int>(down.count())));
    link.comeUp(Link::Part::All);
    QTRY_COMPARE_WITH_TIMEOUT(pool.status().suspects, 0, 20'000);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.status().evictedTotal(), pool.status().evictedBy(EvictionCause::Surplus));
    for (int i = 0; i < 4; ++i) {
        const TakeResult taken = pool.tryTake();
        VERIFY_TAKEN(taken);
        QCOMPARE(keepAliveIdleOf(*taken.connection().socket()), static_cast<int>(keepAlive.idle.count()));
        QCOMPARE(echo(taken.connection().socket(), "still there"), "still there"_ba);
    }
    VERIFY_COUNTERS(pool);
}

void tst_ParkedSuspects::onlyTheOldOnesAreDead_data()
{
    addPlainAndTls();
}

// A NAT that has lost its state, a server that was switched off: new connections come up, the old ones stay silent.
void tst_ParkedSuspects::onlyTheOldOnesAreDead()
{
    QFETCH(const bool, encrypted);
    const TestPeer peer(PeerScript::echoing(encrypted));
    const Link link(peer.port());
    ClientPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    begin(pool, peer, link);
    if (QTest::currentTestFailed())
        return;
    const qsizetype before = peer.ids().size();
    link.comeUp(Link::Part::Listener);
    QTRY_COMPARE(pool.active(), 4);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QVERIFY2(peer.ids().indexOf(taken.connection().id()) >= before, "a suspect was handed out before a good one");
    QCOMPARE(echo(taken.connection().socket(), "new"), "new"_ba);

    QTRY_COMPARE_WITH_TIMEOUT(pool.status().evictedBy(EvictionCause::SocketError), 3, 20'000);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.status().suspects, 0);
    for (int i = 0; i < 4; ++i) {
        const TakeResult next = pool.tryTake();
        VERIFY_TAKEN(next);
        QCOMPARE(echo(next.connection().socket(), "new"), "new"_ba);
    }
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ParkedSuspects)
#include "tst_parked_suspects.moc"
