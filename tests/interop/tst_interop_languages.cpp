// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The same wire format, written independently in Python and in Go with their standard libraries only.

#include "support/poolhelpers.h"
#include "support/process.h"

#include <QtCore/QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;

class tst_InteropLanguages : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void clientPoolMeetsServer_data() { rows(); }
    void clientPoolMeetsServer();
    void serverPoolMeetsClient_data() { rows(); }
    void serverPoolMeetsClient();
    void wrongFormatIsNoticed_data();
    void wrongFormatIsNoticed();

private:
    void rows();
    bool run(Process &process, const QString &language, const QStringList &arguments) const;
    [[nodiscard]] static QString name(IdFormat format) { return format == IdFormat::Hex8 ? u"hex8"_s : u"raw4"_s; }

    QTemporaryDir m_directory;
    Authority m_authority;
    Credentials m_issued = m_authority.issueForLocalHost();
    Credentials m_selfSigned = selfSigned();
    QString m_python = findProgram(u"python3"_s);
    QString m_goPeer;
};

void tst_InteropLanguages::initTestCase()
{
    SKIP_IF_PROCESSES_CONFUSE();
    QVERIFY(m_issued.save(m_directory.filePath(u"verified.pem"_s), m_directory.filePath(u"verified.key"_s)));
    QVERIFY(m_selfSigned.save(m_directory.filePath(u"self-signed.pem"_s), m_directory.filePath(u"self-signed.key"_s)));
    QVERIFY(saveCertificates({m_authority.root()}, m_directory.filePath(u"root.pem"_s)));

    const QString go = findProgram(u"go"_s);
    if (go.isEmpty())
        return;
    QProcess build;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"GO111MODULE"_s, u"off"_s);
    environment.insert(u"CGO_ENABLED"_s, u"0"_s);
    if (!environment.contains(u"HOME"_s))
        environment.insert(u"GOCACHE"_s, m_directory.filePath(u"gocache"_s));
    build.setProcessEnvironment(environment);
    build.start(
        go,
        {u"build"_s, u"-o"_s, m_directory.filePath(u"gopeer"_s), QStringLiteral(TIDEPOOL_TEST_DIR "/gopeer/main.go")});
    QVERIFY(build.waitForFinished(100'000));
    QVERIFY2(build.exitCode() == 0, build.readAllStandardError().constData());
    m_goPeer = m_directory.filePath(u"gopeer"_s);
}

void tst_InteropLanguages::rows()
{
    QTest::addColumn<QString>("language");
    QTest::addColumn<TlsMode>("mode");
    QTest::addColumn<IdFormat>("format");
    for (const QString &language : {u"python"_s, u"go"_s}) {
        for (const TlsMode mode : {TlsMode::None, TlsMode::SelfSigned, TlsMode::Verified}) {
            for (const IdFormat format : {IdFormat::Hex8, IdFormat::Raw4}) {
                QTest::addRow("%s, %s, %s", qPrintable(language), wordFor(mode), wordFor(format))
                    << language << mode << format;
            }
        }
    }
}

bool tst_InteropLanguages::run(Process &process, const QString &language, const QStringList &arguments) const
{
    if (language == "go"_L1)
        return process.run(m_goPeer, arguments);
    return process.run(m_python, QStringList{QStringLiteral(TIDEPOOL_TEST_DIR "/peer.py")} + arguments);
}

#define SKIP_IF_MISSING(language) \
    if (((language) == "go"_L1 ? m_goPeer : m_python).isEmpty()) \
    QSKIP("not installed")

void tst_InteropLanguages::clientPoolMeetsServer()
{
    QFETCH(QString, language);
    QFETCH(TlsMode, mode);
    QFETCH(IdFormat, format);
    SKIP_IF_MISSING(language);

    Process server;
    QStringList arguments{u"server"_s, u"--format"_s, name(format), u"--behind"_s, u"welcome"_s};
    if (mode != TlsMode::None) {
        const QString file = m_directory.filePath(mode == TlsMode::Verified ? u"verified"_s : u"self-signed"_s);
        arguments += {u"--cert"_s, file + u".pem"_s, u"--key"_s, file + u".key"_s};
    }
    QVERIFY(run(server, language, arguments));
    QTRY_VERIFY(!server.value(u"PORT"_s).isEmpty());

    ClientPool pool(u"127.0.0.1"_s, server.value(u"PORT"_s).toUShort());
    pool.setMinimumCapacity(3);
    pool.setMaximumCapacity(3);
    pool.setIdFormat(format);
    pool.setTls(mode == TlsMode::Verified ? verifying(m_authority.root(), u"localhost"_s) : tlsMode(mode));
    pool.start();
    QTRY_COMPARE(pool.active(), 3);

    for (int i = 0; i < 3; ++i) {
        const TakeResult taken = pool.tryTake();
        VERIFY_TAKEN(taken);
        const Connection connection = taken.connection();
        const QString id = connection.id().toString();
        QTRY_VERIFY2(server.lines().contains(u"SENT "_s + id), qPrintable(id));
        QCOMPARE(connection.socket()->isEncrypted(), mode != TlsMode::None);
        QCOMPARE(readExactly(connection.socket(), 7), "welcome"_ba);
        const QByteArray block(200'000, 'x');
        QCOMPARE(echo(connection.socket(), block), block);
    }
    QCOMPARE(pool.status().failedTotal(), 0);
}

void tst_InteropLanguages::serverPoolMeetsClient()
{
    QFETCH(QString, language);
    QFETCH(TlsMode, mode);
    QFETCH(IdFormat, format);
    SKIP_IF_MISSING(language);

    ServerPool pool;
    pool.setIdFormat(format);
    pool.setTls(mode == TlsMode::Verified ? showing(m_issued) : tlsMode(mode));
    QVERIFY2(pool.listen(QHostAddress::LocalHost), qPrintable(pool.lastError().message()));

    Process client;
    QStringList arguments{u"client"_s,   u"--port"_s,  QString::number(pool.serverPort()),
                          u"--format"_s, name(format), u"--count"_s,
                          u"3"_s,        u"--early"_s, u"I speak first"_s};
    if (mode != TlsMode::None)
        arguments += u"--tls"_s;
    if (mode == TlsMode::Verified)
        arguments += {u"--ca"_s, m_directory.filePath(u"root.pem"_s), u"--name"_s, u"localhost"_s};
    QVERIFY(run(client, language, arguments));
    QTRY_COMPARE(pool.active(), 3);
    QTRY_COMPARE(client.lines().filter(u"ID "_s).size(), 3);
    if (mode != TlsMode::None)
        QCOMPARE(client.lines().filter(u"TLS TLSv1.3"_s).size(), 3);

    for (const QString &line : client.lines().filter(u"ID "_s)) {
        const auto id = ConnectionId::fromString(line.mid(3));
        QVERIFY2(id, qPrintable(line));
        const TakeResult taken = await(pool.take(*id));
        VERIFY_TAKEN(taken);
        QSslSocket *socket = taken.connection().socket();
        QCOMPARE(readExactly(socket, 13), "I speak first"_ba);
        const QByteArray block(200'000, 'y');
        QCOMPARE(echo(socket, block), block);
    }
    VERIFY_COUNTERS(pool);
}

void tst_InteropLanguages::wrongFormatIsNoticed_data()
{
    QTest::addColumn<QString>("language");
    QTest::newRow("python") << u"python"_s;
    QTest::newRow("go") << u"go"_s;
}

// Four random bytes are hardly ever hexadecimal digits, and the other four never come.
void tst_InteropLanguages::wrongFormatIsNoticed()
{
    QFETCH(QString, language);
    SKIP_IF_MISSING(language);
    Process server;
    QVERIFY(run(server, language, {u"server"_s, u"--format"_s, u"raw4"_s}));
    QTRY_VERIFY(!server.value(u"PORT"_s).isEmpty());

    ClientPool pool(u"127.0.0.1"_s, server.value(u"PORT"_s).toUShort());
    makeImpatient(pool);
    shortenTimeout(pool, &Timeouts::identify);
    pool.start();
    QTRY_VERIFY(pool.status().failedIn(Phase::Identify) >= 1);
    QCOMPARE(pool.active(), 0);
}

QTEST_GUILESS_MAIN(tst_InteropLanguages)
#include "tst_interop_languages.moc"
