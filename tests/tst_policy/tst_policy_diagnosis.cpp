// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/diagnosis.h"

#include <tidepool/poolerror.h>
#include <tidepool/poolstatus.h>

#include <QtCore/QMetaEnum>
#include <QtTest/QTest>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

/// What is said of an outage, and from what.
class tst_PolicyDiagnosis : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void evidence_data();
    void evidence();
    void withoutANetworkNothingElseCounts();
    void idleConnectionsAreClosed();
    void everyErrorIsDiagnosed();
    void inWords_data();
    void inWords();
};

void tst_PolicyDiagnosis::evidence_data()
{
    QTest::addColumn<Phase>("phase");
    QTest::addColumn<ErrorKind>("kind");
    QTest::addColumn<Diagnosis>("diagnosis");
    QTest::newRow("no host is set") << Phase::Dial << ErrorKind::Settings << Diagnosis::ThisMachine;
    QTest::newRow("no descriptor left") << Phase::Dial << ErrorKind::Resources << Diagnosis::ThisMachine;
    QTest::newRow("an interface is down") << Phase::Dial << ErrorKind::SourceAddress << Diagnosis::ThisMachine;
    QTest::newRow("an unknown name") << Phase::Resolve << ErrorKind::HostNotFound << Diagnosis::NameNotFound;
    QTest::newRow("a silent name server") << Phase::Resolve << ErrorKind::Timeout << Diagnosis::NameNotFound;
    QTest::newRow("no route") << Phase::Dial << ErrorKind::Unreachable << Diagnosis::Unreachable;
    QTest::newRow("silence") << Phase::Dial << ErrorKind::Timeout << Diagnosis::NoAnswer;
    QTest::newRow("refused") << Phase::Dial << ErrorKind::Refused << Diagnosis::Refused;
    QTest::newRow("the proxy refuses") << Phase::Dial << ErrorKind::Proxy << Diagnosis::ProxyFailed;
    QTest::newRow("no answer to the handshake") << Phase::Handshake << ErrorKind::Timeout << Diagnosis::TlsFailed;
    QTest::newRow("a wrong pin") << Phase::Handshake << ErrorKind::Pin << Diagnosis::TlsFailed;
    QTest::newRow("an old certificate") << Phase::Handshake << ErrorKind::CertificateDate << Diagnosis::TlsFailed;
    QTest::newRow("a full server") << Phase::Handshake << ErrorKind::PeerClosed << Diagnosis::ServerCloses;
    QTest::newRow("a dead service") << Phase::Validate << ErrorKind::PeerClosed << Diagnosis::ServerCloses;
    QTest::newRow("it sends no id") << Phase::Identify << ErrorKind::Timeout << Diagnosis::WrongProtocol;
    QTest::newRow("it sends no id, but text") << Phase::Identify << ErrorKind::BadIdentity << Diagnosis::WrongProtocol;
    QTest::newRow("it greets") << Phase::Validate << ErrorKind::SpokeFirst << Diagnosis::WrongProtocol;
    QTest::newRow("something else") << Phase::Dial << ErrorKind::Other << Diagnosis::Other;
}

void tst_PolicyDiagnosis::evidence()
{
    QFETCH(const Phase, phase);
    QFETCH(const ErrorKind, kind);
    QFETCH(const Diagnosis, diagnosis);
    QCOMPARE(diagnose({phase, kind, u"it failed"_s}, false, false), diagnosis);
    QCOMPARE(diagnose({phase, kind, u"it failed"_s}, false, true), diagnosis); // which matters more
}

void tst_PolicyDiagnosis::withoutANetworkNothingElseCounts()
{
    QCOMPARE(diagnose({}, true, true), Diagnosis::NoNetwork);
    QCOMPARE(diagnose({Phase::Resolve, ErrorKind::HostNotFound, u"not found"_s}, true, false), Diagnosis::NoNetwork);
}

void tst_PolicyDiagnosis::idleConnectionsAreClosed()
{
    QCOMPARE(diagnose({}, false, false), Diagnosis::None);
    QCOMPARE(diagnose({}, false, true), Diagnosis::ClosedWhenIdle);
}

// A kind that is added some day is not taken for success.
void tst_PolicyDiagnosis::everyErrorIsDiagnosed()
{
    const auto kinds = QMetaEnum::fromType<ErrorKind>();
    for (int i = 1; i < kinds.keyCount(); ++i) {
        const Diagnosis diagnosis =
            diagnose({Phase::Dial, static_cast<ErrorKind>(kinds.value(i)), u"it failed"_s}, false, false);
        QVERIFY2(diagnosis != Diagnosis::None, kinds.key(i));
        PoolStatus status;
        status.diagnosis = diagnosis;
        QVERIFY2(!status.diagnosisText().isEmpty(), kinds.key(i));
    }
}

void tst_PolicyDiagnosis::inWords_data()
{
    QTest::addColumn<PoolStatus>("status");
    QTest::addColumn<QString>("text");
    PoolStatus status;
    QTest::newRow("nothing is wrong") << status << QString();
    status.failedInARow = 3;
    QTest::newRow("nor now") << status << QString();
    status.failedInARow = 1;
    status.diagnosis = Diagnosis::NoAnswer;
    QTest::newRow("one failure") << status << u"Nothing answers at the server's address"_s;
    status.failedInARow = 12;
    QTest::newRow("many failures") << status
                                   << u"Nothing answers at the server's address: 12 attempts in a row failed"_s;
    status.diagnosis = Diagnosis::TlsFailed;
    status.lastErrorKind = ErrorKind::Pin;
    QTest::newRow("with what went wrong")
        << status
        << u"The server is reached, and TLS with it fails (pin does not match): 12 attempts in a row failed"_s;
    status.diagnosis = Diagnosis::NoNetwork;
    QTest::newRow("no network") << status << u"This machine has no network: nothing is dialled until it is back"_s;
    status = {};
    status.diagnosis = Diagnosis::ClosedWhenIdle;
    status.idleLifetime = 350s;
    QTest::newRow("idle")
        << status
        << u"Connections that are idle for 5 min 50 s are closed by the server, or by a firewall on the way"_s;
}

void tst_PolicyDiagnosis::inWords()
{
    QFETCH(const PoolStatus, status);
    QFETCH(const QString, text);
    QCOMPARE(status.diagnosisText(), text);
}

QTEST_GUILESS_MAIN(tst_PolicyDiagnosis)
#include "tst_policy_diagnosis.moc"
