// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"
#include "support/privatemounts.h"

#include <QtCore/QDir>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;

namespace {
bool hasOwnRoots = false;

/// With server.pem, issued by the only root that the system trusts, and server.key.
QString &directoryName()
{
    static QString name;
    return name;
}

Credentials issuedBySystem()
{
    Credentials result;
    result.chain = QSslCertificate::fromPath(directoryName() + u"/server.pem"_s);
    QFile key(directoryName() + u"/server.key"_s);
    if (key.open(QIODevice::ReadOnly))
        result.key = QSslKey(&key, QSsl::Ec);
    return result;
}
} // namespace

/// A system whose trusted roots are one file, without the directory of hashed names that Debian has: in this process,
/// /etc/ssl/certs holds nothing else, and the file one root.
class tst_ClientPoolRoots : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void systemsRootsAreTrusted();
    void onlyTheNamedRootsAre_data();
    void onlyTheNamedRootsAre();
};

void tst_ClientPoolRoots::initTestCase()
{
    if (!hasOwnRoots)
        QSKIP("this system lets nobody have a view of the file system of their own");
}

void tst_ClientPoolRoots::systemsRootsAreTrusted()
{
    const TestPeer peer(PeerScript::overTls(issuedBySystem()));
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setTls(tlsMode(TlsMode::Verified));
    pool.start();
    QTRY_VERIFY2(pool.active() == 2, qPrintable(pool.lastError().message()));

    const Authority unknown;
    const TestPeer other(PeerScript::overTls(unknown.issueForLocalHost()));
    pool.setPort(other.port());
    QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Certificate);
}

void tst_ClientPoolRoots::onlyTheNamedRootsAre_data()
{
    QTest::addColumn<bool>("isNamed");
    QTest::newRow("named") << true;
    QTest::newRow("the system's") << false;
}

void tst_ClientPoolRoots::onlyTheNamedRootsAre()
{
    QFETCH(bool, isNamed);
    const Authority own;
    const TestPeer peer(PeerScript::overTls(isNamed ? own.issueForLocalHost() : issuedBySystem()));
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setTls(verifying(own.root(), u"localhost"_s));
    pool.start();
    QTRY_VERIFY(pool.active() == 1 || pool.lastError());
    QCOMPARE(pool.active(), isNamed ? 1 : 0);
    QCOMPARE(pool.lastError().kind(), isNamed ? ErrorKind::None : ErrorKind::Certificate);
}

// Qt looks for the system's roots when it first does anything with TLS: the files have to be there before, and this
// process begins a second one.
int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    constexpr auto variable = "TIDEPOOL_TEST_ROOTS";
    directoryName() = qEnvironmentVariable(variable);
    if (!directoryName().isEmpty()) {
        hasOwnRoots = enterPrivateMounts() && cover(u"/etc/ssl/certs"_s, directoryName() + u"/roots"_s);
        tst_ClientPoolRoots test;
        return QTest::qExec(&test, argc, argv);
    }
    const QTemporaryDir directory;
    const Authority authority;
    if (!QDir(directory.path()).mkdir(u"roots"_s)
        || !saveCertificates({authority.root()}, directory.filePath(u"roots/ca-certificates.crt"_s))
        || !authority.issueForLocalHost().save(directory.filePath(u"server.pem"_s),
                                               directory.filePath(u"server.key"_s)))
        return 1;
    qputenv(variable, directory.path().toLocal8Bit());
    return QProcess::execute(application.applicationFilePath(), application.arguments().mid(1));
}
#include "tst_clientpool_roots.moc"
