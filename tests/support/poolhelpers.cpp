// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"

#include <QtNetwork/QSslSocket>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

namespace TestSupport {

TakeResult await(const QFuture<TakeResult> &take, std::chrono::milliseconds limit)
{
    if (!QTest::qWaitFor([&] { return take.isFinished(); }, static_cast<int>(limit.count())))
        return PoolError(Phase::Wait, ErrorKind::Other, u"the test gave up: the take did not finish"_s);
    if (take.resultCount() == 0)
        return PoolError(Phase::Wait, ErrorKind::Cancelled, u"the take finished without a result"_s);
    return take.result();
}

void configure(ClientPool &pool, const TestPeer &peer, int capacity)
{
    pool.setHost(u"127.0.0.1"_s);
    pool.setPort(peer.port());
    pool.setMinimumCapacity(capacity);
    pool.setMaximumCapacity(capacity);
    pool.setMinimumInterval(50ms);
    pool.setMaximumInterval(100ms);
}

void makeImpatient(ClientPool &pool)
{
    Timeouts timeouts;
    timeouts.take = 5s;
    pool.setTimeouts(timeouts);
    Backoff backoff;
    backoff.base = 20ms;
    backoff.cap = 100ms;
    pool.setBackoff(backoff);
}

void shortenTimeout(ClientPool &pool, std::chrono::milliseconds Timeouts::*phase)
{
    Timeouts timeouts = pool.timeouts();
    timeouts.*phase = 300ms;
    pool.setTimeouts(timeouts);
}

int underWay(const Pool &pool)
{
    const PoolStatus status = pool.status();
    return status.connecting + status.handshaking;
}

QByteArray echo(QSslSocket *socket, const QByteArray &bytes)
{
    socket->write(bytes);
    return readExactly(socket, bytes.size());
}

QByteArray blockingEcho(QSslSocket *socket, const QByteArray &bytes)
{
    socket->write(bytes);
    QByteArray back;
    while (back.size() < bytes.size()) {
        if (socket->bytesAvailable() == 0 && !socket->waitForReadyRead(5'000))
            break;
        back += socket->read(bytes.size() - back.size());
    }
    return back;
}

QByteArray readExactly(QAbstractSocket *socket, qsizetype count)
{
    const bool came = QTest::qWaitFor([&] { return socket->bytesAvailable() >= count; }, 5'000);
    if (!came)
        qWarning("%lld bytes of %lld came: %s", socket->bytesAvailable(), static_cast<qint64>(count),
                 qPrintable(socket->errorString()));
    return socket->read(count);
}

void addPlainAndTls()
{
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("plain") << false;
    QTest::newRow("TLS") << true;
}

TlsOptions tlsMode(TlsMode mode)
{
    TlsOptions tls;
    tls.mode = mode;
    return tls;
}

TlsOptions verifying(const QSslCertificate &root, const QString &hostName)
{
    TlsOptions tls;
    tls.mode = TlsMode::Verified;
    tls.hostName = hostName;
    tls.certificateAuthorities = {root};
    return tls;
}

TlsOptions showing(const Credentials &credentials, TlsMode mode)
{
    TlsOptions tls;
    tls.mode = mode;
    tls.certificateChain = credentials.chain;
    tls.privateKey = credentials.key;
    return tls;
}

QString imbalance(const PoolStatus &status)
{
    QStringList lines;
    const auto check = [&](const char *what, qint64 left, qint64 right) {
        if (left != right)
            lines.append(u"%1: %2 and %3"_s.arg(QLatin1String(what)).arg(left).arg(right));
    };
    check("established + givenBack == active + ended + control + checking + takenTotal + evicted + dropped",
          status.established + status.givenBack,
          status.active + status.ended + status.control + status.checking + status.takenTotal + status.evictedTotal()
              + status.dropped);
    if (status.checking == 0) {
        check("parkedTotal == active + ended + control + takenTotal + evicted", status.parkedTotal,
              status.active + status.ended + status.control + status.takenTotal + status.evictedTotal());
    }
    check("takesAsked == servedWarm + servedAfterWait + takesFailed + takesCancelled + waiting", status.takesAsked,
          status.servedWarm + status.servedAfterWait + status.takesFailed + status.takesCancelled + status.waiting);
    check("takenTotal == servedWarm + servedAfterWait", status.takenTotal, status.servedWarm + status.servedAfterWait);
    check("waitTime.count == servedWarm + servedAfterWait", status.waitTime.count,
          status.servedWarm + status.servedAfterWait);
    if (status.leased > status.takenTotal)
        lines.append(u"leased %1 is more than takenTotal %2"_s.arg(status.leased).arg(status.takenTotal));
    if (status.active < 0 || status.ended < 0 || status.checking < 0 || status.connecting < 0 || status.handshaking < 0
        || status.waiting < 0 || status.leased < 0)
        lines.append(u"a gauge is negative"_s);
    return lines.join(u"; "_s);
}

} // namespace TestSupport
