// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Between plain connections half-close survives: whoever has said all can still hear the answer (HTTP/1.0, `nc -N`).
// The ends are the system's own sockets, because Qt closes one whose peer has ended its sending.

#include "relayends.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// A blocking socket.
class SystemSocket
{
public:
    explicit SystemSocket(quint16 port) : m_descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{20, 0};
        ::setsockopt(m_descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(m_descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
            qWarning("cannot connect");
    }
    ~SystemSocket() { ::close(m_descriptor); }
    Q_DISABLE_COPY_MOVE(SystemSocket)

    [[nodiscard]] ConnectionId readId()
    {
        return ConnectionId::fromString(QString::fromLatin1(read(8))).value_or(ConnectionId());
    }

    /// At most @p size bytes: fewer only if the peer ends.
    QByteArray read(qsizetype size)
    {
        QByteArray result(size, '\0');
        qsizetype got = 0;
        while (got < size) {
            const ssize_t count = ::recv(m_descriptor, result.data() + got, static_cast<size_t>(size - got), 0);
            if (count <= 0)
                break;
            got += count;
        }
        return result.first(got);
    }
    [[nodiscard]] QByteArray readToTheEnd() { return read(50'000'000); }

    void write(const QByteArray &bytes)
    {
        qsizetype sent = 0;
        while (sent < bytes.size()) {
            const ssize_t count =
                ::send(m_descriptor, bytes.constData() + sent, static_cast<size_t>(bytes.size() - sent), MSG_NOSIGNAL);
            if (count < 0)
                return;
            sent += count;
        }
    }
    void endWriting() { ::shutdown(m_descriptor, SHUT_WR); }

private:
    int m_descriptor;
};

} // namespace

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
