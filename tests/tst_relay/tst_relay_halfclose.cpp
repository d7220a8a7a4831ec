// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Between plain connections half-close survives: whoever has said all can still hear the answer (HTTP/1.0, `nc -N`).
// The ends are the system's own sockets, because Qt closes one whose peer has ended its sending.

#include "relayends.h"
#include "systemsocket.h"

#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_RelayHalfClose : public QObject
{
    Q_OBJECT

private slots:
    void answerAfterTheEnd_data();
    void answerAfterTheEnd();
};

void tst_RelayHalfClose::answerAfterTheEnd_data()
{
    QTest::addColumn<bool>("firstAsks");
    QTest::addColumn<int>("size");
    QTest::newRow("a few bytes") << true << 20;
    QTest::newRow("the second asks") << false << 20;
    QTest::newRow("megabytes") << true << 9'000'000;
}

void tst_RelayHalfClose::answerAfterTheEnd()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Half-close needs the descriptors, which the portable relay does not use.");
#endif
    QFETCH(bool, firstAsks);
    QFETCH(int, size);
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    SystemSocket first(pool.serverPort());
    SystemSocket second(pool.serverPort());
    const TakeResult firstEnd = await(pool.take(first.readId()));
    const TakeResult secondEnd = await(pool.take(second.readId()));
    VERIFY_TAKEN(firstEnd);
    VERIFY_TAKEN(secondEnd);
    Relay relay(firstEnd.connection(), secondEnd.connection());
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();

    SystemSocket &asking = firstAsks ? first : second;
    SystemSocket &answering = firstAsks ? second : first;
    const QByteArray question = pattern(size);
    QByteArray heard;
    std::thread service([&] {
        heard = answering.readToTheEnd(); // answers only when it has heard all
        answering.write(heard + "!");
        answering.endWriting();
    });
    QByteArray answer;
    std::thread visitor([&] {
        asking.write(question);
        asking.endWriting();
        answer = asking.readToTheEnd();
    });
    const bool isOver = QTest::qWaitFor([&] { return !finished.isEmpty(); }, 20'000);
    service.join();
    visitor.join();
    QVERIFY(isOver);
    QVERIFY(heard == question);
    QVERIFY(answer == question + "!");
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(),
             firstAsks ? Relay::Reason::FirstClosed : Relay::Reason::SecondClosed);
    QTRY_COMPARE(pool.status().leased, 0);
}

QTEST_GUILESS_MAIN(tst_RelayHalfClose)
#include "tst_relay_halfclose.moc"
