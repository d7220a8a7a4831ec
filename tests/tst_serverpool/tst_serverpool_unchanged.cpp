// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Settings that cannot be used change nothing.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QRegularExpression>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;

class tst_ServerPoolUnchanged : public QObject
{
    Q_OBJECT

private slots:
    void tlsErrorFlushesNothing_data();
    void tlsErrorFlushesNothing();
};

void tst_ServerPoolUnchanged::tlsErrorFlushesNothing_data()
{
    QTest::addColumn<IdFormat>("format");
    QTest::newRow("Hex8") << IdFormat::Hex8;
    QTest::newRow("Raw4") << IdFormat::Raw4;
}

void tst_ServerPoolUnchanged::tlsErrorFlushesNothing()
{
    QFETCH(IdFormat, format);
    ServerPool pool;
    pool.setIdFormat(format);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const RawClient client(pool.serverPort());
    QTRY_COMPARE(pool.active(), 1);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"The new TLS settings are not used"_s));
    pool.setTls(tlsMode(TlsMode::Verified)); // and no certificate
    QCOMPARE(pool.active(), 1);
    QCOMPARE(pool.status().evictedTotal(), 0);
}

QTEST_GUILESS_MAIN(tst_ServerPoolUnchanged)
#include "tst_serverpool_unchanged.moc"
