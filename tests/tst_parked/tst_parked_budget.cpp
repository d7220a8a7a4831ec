// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "io/controlbudget.h"

#include <QtTest/QTest>

using namespace Tidepool;
using namespace std::chrono_literals;

/// What a peer may send that is no data, in virtual time.
class tst_ParkedBudget : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void weeksOfAFew_data();
    void weeksOfAFew();
    void aFlood();
    void aFloodThatIsSlow();
    void itComesBack();
    void dataInParts();

private:
    ControlBudget m_budget;
    ControlBudget::Clock::time_point m_now{1h};

    /// How many records can be sent before it is exceeded, at most @p most.
    int send(qint64 bytes, std::chrono::milliseconds interval, int most)
    {
        for (int count = 0; count < most; ++count) {
            m_budget.spend(bytes, m_now);
            if (m_budget.isExceeded(m_now))
                return count;
            m_now += interval;
        }
        return most;
    }
};

void tst_ParkedBudget::init()
{
    m_budget = {};
}

void tst_ParkedBudget::weeksOfAFew_data()
{
    QTest::addColumn<int>("bytes");
    QTest::addColumn<std::chrono::milliseconds>("interval");
    QTest::newRow("key updates") << 27 << std::chrono::milliseconds(2s);
    QTest::newRow("session tickets") << 300 << std::chrono::milliseconds(1min);
    QTest::newRow("many, and then none for long") << 60'000 << std::chrono::milliseconds(1h);
}

void tst_ParkedBudget::weeksOfAFew()
{
    QFETCH(const int, bytes);
    QFETCH(const std::chrono::milliseconds, interval);
    const auto records = static_cast<int>(std::chrono::hours(24 * 7 * 10) / interval);
    QCOMPARE(send(bytes, interval, records), records);
}

void tst_ParkedBudget::aFlood()
{
    QCOMPARE(send(64, 0ms, 1'000'000), 1024);
}

void tst_ParkedBudget::aFloodThatIsSlow()
{
    const auto start = m_now;
    const int sent = send(60, 1s, 1'000'000); // three times what comes back
    QVERIFY2(sent > 1'600 && sent < 1'700, qPrintable(QString::number(sent)));
    QVERIFY(m_now - start < 30min);
}

void tst_ParkedBudget::itComesBack()
{
    QCOMPARE(send(65'536, 0ms, 2), 1);
    m_now += 65'536 * ControlBudget::perByte;
    QVERIFY(!m_budget.isExceeded(m_now));
    m_now += 24h * 365; // it is full, and never more than that
    QCOMPARE(send(65'536, 0ms, 2), 1);
}

// A record of 16 KiB counts until its last part has come.
void tst_ParkedBudget::dataInParts()
{
    for (int record = 0; record < 1'000; ++record) {
        QCOMPARE(send(4'096, 10ms, 3), 3);
        m_budget.spend(4'096 - 16'362, m_now);
        m_now += 1min;
    }
    QVERIFY(!m_budget.isExceeded(m_now));
    QCOMPARE(send(65'536, 0ms, 2), 1); // nor is anything won by it
}

QTEST_GUILESS_MAIN(tst_ParkedBudget)
#include "tst_parked_budget.moc"
