// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"
#include "support/process.h"
#include "support/rawclient.h"

#include <QtNetwork/QTcpServer>

#include <sys/resource.h>

#include <algorithm>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

/// What an unknown client can make a TLS server calculate.
class tst_ServerPoolGroups : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void finiteFieldIsRefused();
    void replayedClientHelloCostsNothing();
    void groupsAreSettable();
    void clientsAreNotAskedForACertificate();

private:
    [[nodiscard]] QByteArray clientHello(const QString &group) const;
    [[nodiscard]] static std::chrono::microseconds costOf(const QByteArray &hello);
    QString m_openssl = findProgram(u"openssl"_s);
};

namespace {
std::chrono::microseconds processorTime()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval &time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

QStringList client(quint16 port, const QString &group)
{
    return {u"s_client"_s, u"-connect"_s, u"127.0.0.1:%1"_s.arg(port), u"-tls1_3"_s, u"-groups"_s, group};
}
} // namespace

void tst_ServerPoolGroups::initTestCase()
{
    if (m_openssl.isEmpty())
        QSKIP("openssl is not installed");
    SKIP_IF_PROCESSES_CONFUSE();
}

// What `openssl s_client` says first when it offers this group only.
QByteArray tst_ServerPoolGroups::clientHello(const QString &group) const
{
    QTcpServer listener;
    if (!listener.listen(QHostAddress::LocalHost))
        return {};
    Process openssl;
    if (!openssl.run(m_openssl, client(listener.serverPort(), group)))
        return {};
    if (!QTest::qWaitFor([&] { return listener.hasPendingConnections(); }))
        return {};
    QTcpSocket *socket = listener.nextPendingConnection();
    const auto isWhole = [socket] {
        const QByteArray header = socket->peek(5);
        return header.size() == 5
            && socket->bytesAvailable()
            >= 5 + (static_cast<quint8>(header.at(3)) << 8 | static_cast<quint8>(header.at(4)));
    };
    return QTest::qWaitFor(isWhole) ? socket->readAll() : QByteArray();
}

void tst_ServerPoolGroups::finiteFieldIsRefused()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    for (const QString &group : {u"ffdhe2048"_s, u"ffdhe8192"_s}) {
        const qint64 before = pool.status().failedIn(Phase::Handshake);
        Process openssl;
        QVERIFY(openssl.run(m_openssl, client(pool.serverPort(), group)));
        QTRY_COMPARE(pool.status().failedIn(Phase::Handshake), before + 1);
        QTRY_COMPARE(openssl.state(), QProcess::NotRunning);
        QVERIFY(openssl.exitCode() != 0);
    }
    QCOMPARE(pool.status().established, 0);
    Process good;
    QVERIFY(good.run(m_openssl, client(pool.serverPort(), u"X25519"_s)));
    QTRY_COMPARE(pool.active(), 1);
}

// The processor's time for each of many unknown clients who say this and no more; 0 if the server does not answer all.
std::chrono::microseconds tst_ServerPoolGroups::costOf(const QByteArray &hello)
{
    constexpr int count = 20;
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    if (!pool.listen(QHostAddress::LocalHost))
        return {};
    const auto before = processorTime();
    std::vector<RawClient> unknowns;
    for (int i = 0; i < count; ++i) {
        unknowns.emplace_back(pool.serverPort());
        unknowns.back().write(hello);
    }
    // Either it fails at once, or the server has done its part and waits for the client's.
    const auto isAnswered = [](const RawClient &unknown) {
        return unknown.socket()->bytesAvailable() > 0 || unknown.socket()->state() == QAbstractSocket::UnconnectedState;
    };
    const bool areAnswered = QTest::qWaitFor([&] { return std::ranges::all_of(unknowns, isAnswered); }, 30'000);
    return areAnswered ? (processorTime() - before) / count : 0us;
}

void tst_ServerPoolGroups::replayedClientHelloCostsNothing()
{
    const QByteArray refused = clientHello(u"ffdhe8192"_s);
    QVERIFY(refused.size() > 1'000); // with a key share of 1,024 bytes
    const auto costOfHonest = costOf(clientHello(u"X25519"_s));
    const auto costOfRefused = costOf(refused);
    qInfo("%lld us of processor time each, %lld us with X25519", static_cast<long long>(costOfRefused.count()),
          static_cast<long long>(costOfHonest.count()));
    QVERIFY(costOfHonest > 0us && costOfRefused > 0us);
    QVERIFY(costOfRefused < 2 * costOfHonest);
}

void tst_ServerPoolGroups::groupsAreSettable()
{
    ServerPool pool;
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.groups = {u"P-384"_s};
    pool.setTls(tls);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Process refused;
    QVERIFY(refused.run(m_openssl, client(pool.serverPort(), u"X25519"_s)));
    QTRY_COMPARE(pool.status().failedIn(Phase::Handshake), 1);
    Process good;
    QVERIFY(good.run(m_openssl, client(pool.serverPort(), u"P-384"_s)));
    QTRY_COMPARE(pool.active(), 1);
}

// Qt's default is to ask every client, and to accept whatever comes.
void tst_ServerPoolGroups::clientsAreNotAskedForACertificate()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Process openssl;
    QVERIFY(openssl.run(m_openssl, client(pool.serverPort(), u"X25519"_s)));
    QTRY_COMPARE(pool.active(), 1);
    QByteArray said;
    QTRY_VERIFY((said = openssl.output()).contains("Verif"));
    QVERIFY2(said.contains("No client certificate CA names sent"), said.constData());
    QVERIFY2(!said.contains("Requested Signature Algorithms"), said.constData());
}

QTEST_GUILESS_MAIN(tst_ServerPoolGroups)
#include "tst_serverpool_groups.moc"
