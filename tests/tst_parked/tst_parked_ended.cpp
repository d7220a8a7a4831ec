// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Connections that end before anybody takes them.

#include "support/poolhelpers.h"
#include "support/process.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>

#include <sys/socket.h>

#include <memory>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedEnded : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { SKIP_IF_PROCESSES_CONFUSE(); }
    void abortedByTheDialer_data();
    void abortedByTheDialer();
    void lastWordsAreForWhoNamesIt_data();
    void lastWordsAreForWhoNamesIt();
    void lastWordsForWhoAskedBefore_data();
    void lastWordsForWhoAskedBefore();
    void neverTakenByAny_data();
    void neverTakenByAny();
    void halfCloseSurvives();
    void keptForTheTakeTimeout_data();
    void keptForTheTakeTimeout();
    void endedOnesAreBounded();
    void closeNotifyAloneIsAnEnd();
    void closeNotifyAloneIsAnEndForATaker_data();
    void closeNotifyAloneIsAnEndForATaker();
};

namespace {

/// How a client says its last words. In TLS, with a close_notify or without.
enum class Ending { Plain, CloseNotify, CloseNotifyAlone, Cut };

void addEndings()
{
    QTest::addColumn<Ending>("ending");
    QTest::newRow("plain") << Ending::Plain;
    QTest::newRow("TLS, close_notify and FIN") << Ending::CloseNotify;
    QTest::newRow("TLS, close_notify alone") << Ending::CloseNotifyAlone;
    QTest::newRow("TLS, FIN alone") << Ending::Cut;
}

/// Python's ssl module can end TLS and keep TCP.
const char *const pythonClient = R"(
import socket, ssl, sys
port, words, how = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3]
raw = socket.create_connection(("127.0.0.1", port))
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing)

def step(action):
    while True:
        try:
            result = action()
            raw.sendall(outgoing.read())
            return result
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))

step(tls.do_handshake)
digits = b""
while len(digits) < 8:
    digits += step(lambda: tls.read(8 - len(digits)))
print(digits.decode(), flush=True)
sys.stdin.readline()
if words:
    tls.write(words)
if how != "cut":
    try:
        tls.unwrap()
    except ssl.SSLWantReadError:
        pass
raw.sendall(outgoing.read())
if how != "alone":
    raw.shutdown(socket.SHUT_WR)
sys.stdin.readline()
)";

/// A client that gets its id, and on command says its last words.
class LeavingClient
{
public:
    LeavingClient(quint16 port, Ending ending, const QByteArray &words) : m_words(words)
    {
        if (ending == Ending::Plain) {
            m_plain = std::make_unique<RawClient>(port);
            m_id = m_plain->readHexId();
            return;
        }
        const char *how = ending == Ending::CloseNotify ? "both" : ending == Ending::Cut ? "cut" : "alone";
        const QStringList arguments{u"-c"_s, QString::fromLatin1(pythonClient), QString::number(port),
                                    QString::fromLatin1(words), QString::fromLatin1(how)};
        m_python.start(u"python3"_s, arguments);
        if (!QTest::qWaitFor([this] { return m_python.canReadLine(); }, 10'000))
            qWarning("Python did not connect: %s", m_python.readAllStandardError().constData());
        m_id = ConnectionId::fromString(QString::fromLatin1(m_python.readLine().trimmed())).value_or(ConnectionId());
    }
    ~LeavingClient()
    {
        m_python.kill();
        m_python.waitForFinished();
    }
    Q_DISABLE_COPY_MOVE(LeavingClient)

    [[nodiscard]] ConnectionId id() const { return m_id; }
    void leave()
    {
        if (m_plain) {
            if (!m_words.isEmpty())
                m_plain->write(m_words);
            ::shutdown(static_cast<int>(m_plain->socket()->socketDescriptor()), SHUT_WR);
        } else {
            m_python.write("\n");
        }
    }
    [[nodiscard]] RawClient &plain() { return *m_plain; }

private:
    QByteArray m_words;
    ConnectionId m_id;
    std::unique_ptr<RawClient> m_plain;
    QProcess m_python;
};

TlsOptions tlsFor(Ending ending)
{
    return tlsMode(ending == Ending::Plain ? TlsMode::None : TlsMode::SelfSigned);
}

/// What comes until the end, in order.
QByteArray readToTheEnd(QSslSocket &socket)
{
    QByteArray bytes;
    bool hasEnded = false;
    QObject::connect(&socket, &QAbstractSocket::errorOccurred, &socket, [&](QAbstractSocket::SocketError error) {
        hasEnded = hasEnded || error == QAbstractSocket::RemoteHostClosedError;
    });
    const bool isAtEnd = QTest::qWaitFor([&] {
        bytes += socket.readAll();
        return hasEnded || socket.state() != QAbstractSocket::ConnectedState;
    });
    bytes += socket.readAll();
    return isAtEnd ? bytes + "|end"_ba : bytes;
}

} // namespace
Q_DECLARE_METATYPE(Ending)

void tst_ParkedEnded::abortedByTheDialer_data()
{
    addPlainAndTls();
}

// A dialer that looks at the peer when the connection is up, and does not like it.
void tst_ParkedEnded::abortedByTheDialer()
{
    QFETCH(bool, encrypted);
    PeerScript script = PeerScript::echoing(encrypted);
    script.greeting = PeerScript::Greeting::Nothing;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setIdentity(Identity::Local);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setDialer([encrypted, port = peer.port()](QSslSocket &socket) {
        const auto abort = [&socket] { socket.abort(); };
        if (encrypted)
            connect(&socket, &QSslSocket::encrypted, &socket, abort);
        else
            connect(&socket, &QAbstractSocket::connected, &socket, abort);
        socket.connectToHost(u"127.0.0.1"_s, port);
    });
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(failed.size() >= 3);
    QCOMPARE(failed.constFirst().constFirst().value<PoolError>().phase(), Phase::Validate);
    const PoolStatus status = pool.status();
    QCOMPARE(status.established, 0);
    QCOMPARE(status.parkedTotal, 0);
    QCOMPARE(status.checking, 0);
    QVERIFY(status.state != PoolState::Ready);
    QVERIFY(!status.lastError.isEmpty());
    VERIFY_COUNTERS(pool);
}

void tst_ParkedEnded::lastWordsAreForWhoNamesIt_data()
{
    addEndings();
}

// It writes and closes long before the take comes, as across a slow network.
void tst_ParkedEnded::lastWordsAreForWhoNamesIt()
{
    QFETCH(Ending, ending);
    ServerPool pool;
    pool.setTls(tlsFor(ending));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    LeavingClient client(pool.serverPort(), ending, "good bye");
    QVERIFY(client.id().isValid());
    QTRY_COMPARE(pool.active(), 1);
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    client.leave();
    QTRY_COMPARE(pool.status().ended, 1);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().evictedTotal(), 0);
    QTRY_COMPARE(readable.size(), 1);
    VERIFY_COUNTERS(pool);
    const QFuture<TakeResult> take = pool.take(client.id());
    QVERIFY(take.isFinished());
    VERIFY_TAKEN(take.result());
    QCOMPARE(pool.status().ended, 0);
    QSslSocket *socket = take.result().connection().socket();
    QCOMPARE(socket->bytesAvailable(), 8);
    QCOMPARE(readToTheEnd(*socket), "good bye|end"_ba);
    VERIFY_COUNTERS(pool);
}

void tst_ParkedEnded::lastWordsForWhoAskedBefore_data()
{
    addPlainAndTls();
}

// The server sends id, words and end at once, and the take is there before the connection is.
void tst_ParkedEnded::lastWordsForWhoAskedBefore()
{
    QFETCH(bool, encrypted);
    PeerScript script = PeerScript::echoing(encrypted);
    script.behind = "good bye";
    script.then = PeerScript::Then::Close;
    script.serve = 1;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.start();
    const TakeResult taken = await(pool.take(ConnectionId(1), 3s));
    VERIFY_TAKEN(taken);
    QCOMPARE(readToTheEnd(*taken.connection().socket()), "good bye|end"_ba);
}

void tst_ParkedEnded::neverTakenByAny_data()
{
    addEndings();
}

void tst_ParkedEnded::neverTakenByAny()
{
    QFETCH(Ending, ending);
    ServerPool pool;
    pool.setTls(tlsFor(ending));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    LeavingClient client(pool.serverPort(), ending, "good bye");
    QTRY_COMPARE(pool.active(), 1);
    client.leave();
    QTRY_COMPARE(pool.status().ended, 1);
    const QFuture<TakeResult> waiting = pool.take(200ms);
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Empty);
    QCOMPARE(await(waiting).error().kind(), ErrorKind::Timeout);
    QCOMPARE(pool.status().ended, 1);
    VERIFY_COUNTERS(pool);
    pool.flush();
    QCOMPARE(pool.status().ended, 0);
    QCOMPARE(pool.status().evictedBy(EvictionCause::Flushed), 1);
    VERIFY_COUNTERS(pool);
}

// Whoever has shut down its sending still reads, as with plain TCP.
void tst_ParkedEnded::halfCloseSurvives()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    LeavingClient client(pool.serverPort(), Ending::Plain, "a question");
    QTRY_COMPARE(pool.active(), 1);
    client.leave();
    QTRY_COMPARE(pool.status().ended, 1);
    const TakeResult taken = await(pool.take(client.id()));
    VERIFY_TAKEN(taken);
    QSslSocket *socket = taken.connection().socket();
    QCOMPARE(socket->readAll(), "a question"_ba);
    socket->write("an answer");
    socket->flush();
    QCOMPARE(client.plain().read(9), "an answer"_ba);
}

void tst_ParkedEnded::keptForTheTakeTimeout_data()
{
    addPlainAndTls();
}

void tst_ParkedEnded::keptForTheTakeTimeout()
{
    QFETCH(bool, encrypted);
    ServerPool pool;
    Timeouts timeouts;
    timeouts.take = 300ms;
    pool.setTimeouts(timeouts);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    LeavingClient client(pool.serverPort(), encrypted ? Ending::CloseNotify : Ending::Plain, "good bye");
    QTRY_COMPARE(pool.active(), 1);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QElapsedTimer clock;
    clock.start();
    client.leave();
    QTRY_COMPARE(evicted.size(), 1);
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), client.id());
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::PeerClosed);
    QCOMPARE(pool.status().ended, 0);
    QCOMPARE(await(pool.take(client.id(), 50ms)).error().kind(), ErrorKind::Timeout);
    VERIFY_COUNTERS(pool);
}

// Who writes and closes again and again gets no more than the pool's capacity of them kept.
void tst_ParkedEnded::endedOnesAreBounded()
{
    ServerPool pool;
    pool.setMaximumCapacity(4);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    ConnectionId last;
    for (int i = 0; i < 20; ++i) {
        RawClient client(pool.serverPort());
        last = client.readHexId();
        const qint64 parked = pool.status().parkedTotal;
        client.write("x");
        client.close();
        QTRY_VERIFY(pool.status().parkedTotal > parked || pool.status().active == 0);
        QTRY_COMPARE(pool.active(), 0);
        QVERIFY(pool.status().ended <= 4);
    }
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), 16);
    QCOMPARE(pool.status().ended, 4);
    VERIFY_TAKEN(await(pool.take(last)));
    VERIFY_COUNTERS(pool);
}

// Stock Python servers end TLS so and keep TCP open.
void tst_ParkedEnded::closeNotifyAloneIsAnEnd()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    LeavingClient client(pool.serverPort(), Ending::CloseNotifyAlone, {});
    QTRY_COMPARE(pool.active(), 1);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    client.leave();
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::PeerClosed);
    QCOMPARE(pool.active(), 0);
    VERIFY_COUNTERS(pool);
}

// The same of a connection that its user gives back, having read no more than the answer.
void tst_ParkedEnded::closeNotifyAloneIsAnEndForATaker_data()
{
    QTest::addColumn<bool>("wasGivenBack");
    QTest::newRow("taken once") << false;
    QTest::newRow("taken again") << true;
}

void tst_ParkedEnded::closeNotifyAloneIsAnEndForATaker()
{
    QFETCH(bool, wasGivenBack);
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    LeavingClient client(pool.serverPort(), Ending::CloseNotifyAlone, {});
    TakeResult taken = await(pool.take(client.id()));
    VERIFY_TAKEN(taken);
    if (wasGivenBack) {
        (void)taken.connection().socket();
        pool.giveBack(taken.connection());
        taken = await(pool.take(client.id()));
        VERIFY_TAKEN(taken);
    }
    QSslSocket *socket = taken.connection().socket();
    QSignalSpy failed(socket, &QAbstractSocket::errorOccurred);
    client.leave();
    QTRY_VERIFY(!failed.isEmpty());
    QCOMPARE(socket->state(), QAbstractSocket::ConnectedState);
    QVERIFY(!socket->waitForReadyRead(1)); // now the socket's last error is another one
    pool.giveBack(taken.connection());
    QTRY_COMPARE(pool.status().leased, 0);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().failedIn(Phase::Validate), 1);
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ParkedEnded)
#include "tst_parked_ended.moc"
