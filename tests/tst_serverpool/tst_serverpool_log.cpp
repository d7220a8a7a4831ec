// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What unknown clients do again and again fills no log.

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QRegularExpression>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolLog : public QObject
{
    Q_OBJECT

private slots:
    void failuresOfSeveralKindsAreToldNowAndThen();
};

void tst_ServerPoolLog::failuresOfSeveralKindsAreToldNowAndThen()
{
    MessageRecorder recorder;
    QElapsedTimer clock;
    {
        ServerPool pool;
        pool.setTls(tlsMode(TlsMode::SelfSigned));
        QVERIFY(pool.listen(QHostAddress::LocalHost));
        clock.start();
        for (int i = 0; i < 50; ++i) {
            const qint64 failed = pool.status().failedTotal();
            RawClient liar(pool.serverPort());
            liar.write("GET / HTTP/1.1\r\n\r\n");
            QTRY_COMPARE(pool.status().failedTotal(), failed + 1);
            (void)connectMany(pool.serverPort(), 1); // and it leaves
            QTRY_COMPARE(pool.status().failedTotal(), failed + 2);
            if (i % 10 == 0) {
                RawClient honest(pool.serverPort());
                QVERIFY(honest.encrypt());
                QVERIFY(honest.readHexId().isValid());
            }
        }
    }
    // The first of each kind, then a line a second for each at most, and what is left at the end.
    const auto allowed = 2 + 2 * (clock.elapsed() / 1'000) + 2;
    const QList<MessageRecorder::Message> told = recorder.messages();
    QStringList lines;
    for (const MessageRecorder::Message &line : told)
        lines.append(line.text);
    QVERIFY2(told.size() <= allowed,
             qPrintable(u"%1 lines in %2 ms:\n%3"_s.arg(told.size()).arg(clock.elapsed()).arg(lines.join(u'\n'))));
    // And how many there were is in it.
    int repeated = 0;
    for (const MessageRecorder::Message &line : told) {
        const QRegularExpressionMatch match = QRegularExpression(u"(\\d+) more"_s).match(line.text);
        repeated += match.captured(1).toInt();
    }
    QCOMPARE(repeated, 98);
}

QTEST_GUILESS_MAIN(tst_ServerPoolLog)
#include "tst_serverpool_log.moc"
