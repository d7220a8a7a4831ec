// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/testpeer.h"

#include <tidepool/tidepool.h>

#include <QtCore/QFuture>
#include <QtCore/QMetaEnum>
#include <QtNetwork/QSslSocket>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <chrono>

/// Fails the test with the error's own words unless the take gave a connection.
#define VERIFY_TAKEN(result) \
    do { \
        const Tidepool::TakeResult &verifiedResult = (result); \
        QVERIFY2(verifiedResult, qPrintable(verifiedResult.error().message())); \
    } while (false)

/// Fails the test unless the pool's counters balance as poolstatus.h promises.
#define VERIFY_COUNTERS(pool) \
    do { \
        const QString imbalance = TestSupport::imbalance((pool).status()); \
        QVERIFY2(imbalance.isEmpty(), qPrintable(imbalance)); \
    } while (false)

namespace TestSupport {

/// So often, or a fifth of it under a sanitizer, so that it takes no longer.
[[nodiscard]] constexpr int times(int count)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return (count + 4) / 5;
#else
    return count;
#endif
}

/// Runs the event loop until @p take has finished. A take that does not finish in time, or finishes
/// without a result (a cancelled one), comes back as ErrorKind::Other or ErrorKind::Cancelled.
[[nodiscard]] Tidepool::TakeResult await(const QFuture<Tidepool::TakeResult> &take,
                                         std::chrono::milliseconds limit = std::chrono::seconds(10));

/// Makes @p pool dial @p peer and keep @p capacity connections, no more and no fewer.
void configure(Tidepool::ClientPool &pool, const TestPeer &peer, int capacity = 4);

/// Settings for tests in which something fails: short delays between attempts, so that a test does not have to be
/// patient. The attempts themselves keep their time.
void makeImpatient(Tidepool::ClientPool &pool);

/// An attempt of @p pool has 300 ms for @p phase, such as &Timeouts::dial. For tests that want it to time out.
void shortenTimeout(Tidepool::ClientPool &pool, std::chrono::milliseconds Tidepool::Timeouts::*phase);

/// How many attempts of @p pool are connecting or handshaking, by one look at it: between two looks, one may go on from
/// here to there.
[[nodiscard]] int underWay(const Tidepool::Pool &pool);

/// Sends @p bytes and returns what came back, running the event loop of the socket's thread meanwhile.
[[nodiscard]] QByteArray echo(QSslSocket *socket, const QByteArray &bytes);
/// The same without an event loop, for any thread.
[[nodiscard]] QByteArray blockingEcho(QSslSocket *socket, const QByteArray &bytes);
/// Waits, running the event loop, until @p count bytes can be read, and reads them.
[[nodiscard]] QByteArray readExactly(QAbstractSocket *socket, qsizetype count);

/// The rows "plain" and "TLS" of a column "encrypted".
void addPlainAndTls();

/// TLS settings of a client or server end.
[[nodiscard]] Tidepool::TlsOptions tlsMode(Tidepool::TlsMode mode);
/// A client that trusts @p root only and expects @p hostName.
[[nodiscard]] Tidepool::TlsOptions verifying(const QSslCertificate &root, const QString &hostName);
/// A server that shows @p credentials.
[[nodiscard]] Tidepool::TlsOptions showing(const Credentials &credentials,
                                           Tidepool::TlsMode mode = Tidepool::TlsMode::Verified);

/// The word for an enumeration's value, for the names of test rows.
template <typename Enum>
[[nodiscard]] const char *wordFor(Enum value)
{
    return QMetaEnum::fromType<Enum>().valueToKey(static_cast<int>(value));
}

/// What does not add up in @p status; empty if all does.
[[nodiscard]] QString imbalance(const Tidepool::PoolStatus &status);

} // namespace TestSupport
