// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/filledbacklog.h"
#include "support/poolhelpers.h"
#include "support/privatemounts.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {
bool hasOwnHosts = false;
constexpr auto host = "pool.tidepool.test"_L1;

QHostAddress firstAddress()
{
    return QHostAddress(u"127.0.0.2"_s);
}

QHostAddress secondAddress()
{
    return QHostAddress(u"127.0.0.3"_s);
}
} // namespace

/// A host with two addresses, as /etc/hosts says in this process.
class tst_ClientPoolAddresses : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void firstAddressIsSilent_data();
    void firstAddressIsSilent();
    void firstAddressRefuses_data();
    void firstAddressRefuses();
    void allAreSilent();
    void oneIsSilentAndOneRefuses();

private:
    static void start(ClientPool &pool, quint16 port, bool encrypted);
};

void tst_ClientPoolAddresses::initTestCase()
{
    if (!hasOwnHosts)
        QSKIP("this system lets nobody have a view of the file system of their own");
}

void tst_ClientPoolAddresses::start(ClientPool &pool, quint16 port, bool encrypted)
{
    pool.setHost(host);
    pool.setPort(port);
    pool.setMinimumCapacity(2);
    pool.setMaximumCapacity(2);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.start();
}

void tst_ClientPoolAddresses::firstAddressIsSilent_data()
{
    addPlainAndTls();
}

void tst_ClientPoolAddresses::firstAddressIsSilent()
{
    QFETCH(bool, encrypted);
    const TestPeer peer(PeerScript::echoing(encrypted), secondAddress());
    const FilledBacklog silence(firstAddress(), peer.port());
    if (silence.port() == 0)
        QSKIP("this system answers connects to a full queue");
    ClientPool pool;
    QElapsedTimer clock;
    clock.start();
    start(pool, peer.port(), encrypted);
    QTRY_VERIFY2(pool.active() == 2, qPrintable(pool.lastError().message()));
    QVERIFY2(clock.elapsed() < 4'500, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(pool.status().failedTotal(), 0);
}

void tst_ClientPoolAddresses::firstAddressRefuses_data()
{
    addPlainAndTls();
}

void tst_ClientPoolAddresses::firstAddressRefuses()
{
    QFETCH(bool, encrypted);
    const TestPeer peer(PeerScript::echoing(encrypted), secondAddress());
    ClientPool pool;
    start(pool, peer.port(), encrypted);
    QTRY_VERIFY2(pool.active() == 2, qPrintable(pool.lastError().message()));
    QCOMPARE(pool.status().failedTotal(), 0);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QCOMPARE(echo(taken.connection().socket(), "second"), "second"_ba);
}

// Both together may take as long as Timeouts::dial, and not each.
void tst_ClientPoolAddresses::allAreSilent()
{
    const FilledBacklog silence(firstAddress());
    const FilledBacklog alsoSilent(secondAddress(), silence.port());
    if (silence.port() == 0 || alsoSilent.port() == 0)
        QSKIP("this system answers connects to a full queue");
    ClientPool pool;
    Timeouts timeouts;
    timeouts.dial = 2s;
    pool.setTimeouts(timeouts);
    QElapsedTimer clock;
    clock.start();
    start(pool, silence.port(), true);
    QTRY_VERIFY(pool.lastError());
    // The timer may be 5 % early.
    QVERIFY2(clock.elapsed() >= 1'890 && clock.elapsed() < 3'700, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Timeout);
    pool.close();
    QCOMPARE(pool.status().connecting, 0);
}

void tst_ClientPoolAddresses::oneIsSilentAndOneRefuses()
{
    const FilledBacklog silence(firstAddress());
    if (silence.port() == 0)
        QSKIP("this system answers connects to a full queue");
    ClientPool pool;
    Timeouts timeouts;
    timeouts.dial = 700ms;
    pool.setTimeouts(timeouts);
    start(pool, silence.port(), true);
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().kind(), ErrorKind::Refused);
    QVERIFY2(pool.lastError().message().contains(secondAddress().toString()), qPrintable(pool.lastError().message()));
}

int main(int argc, char *argv[])
{
    QTemporaryDir directory;
    QFile hosts(directory.filePath(u"hosts"_s));
    if (hosts.open(QIODevice::WriteOnly)) {
        for (const QHostAddress &address : {firstAddress(), secondAddress()})
            hosts.write(address.toString().toLatin1() + ' ' + QByteArray(host.data(), host.size()) + '\n');
        hosts.close();
        hasOwnHosts = enterPrivateMounts() && cover(u"/etc/hosts"_s, hosts.fileName());
    }
    QCoreApplication application(argc, argv);
    tst_ClientPoolAddresses test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_clientpool_addresses.moc"
