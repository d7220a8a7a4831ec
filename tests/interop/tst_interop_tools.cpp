// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A ServerPool seen through `openssl s_client` and `gnutls-cli`.

#include "support/poolhelpers.h"
#include "support/process.h"

#include <QtCore/QTemporaryDir>
#include <QtCore/QtEndian>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;

class tst_InteropTools : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void readsItsId_data();
    void readsItsId();
    void olderTlsIsRefused_data();
    void olderTlsIsRefused();

private:
    enum class Version { Tls12, Tls13 };
    [[nodiscard]] QStringList arguments(const QString &tool, quint16 port, TlsMode mode, Version version) const;

    QTemporaryDir m_directory;
    Authority m_authority;
    Credentials m_issued = m_authority.issueForLocalHost();
};

void tst_InteropTools::initTestCase()
{
    SKIP_IF_PROCESSES_CONFUSE();
    QVERIFY(saveCertificates({m_authority.root()}, m_directory.filePath(u"root.pem"_s)));
}

QStringList tst_InteropTools::arguments(const QString &tool, quint16 port, TlsMode mode, Version version) const
{
    const QString root = m_directory.filePath(u"root.pem"_s);
    if (tool == "openssl"_L1) {
        QStringList list{u"s_client"_s, u"-quiet"_s, version == Version::Tls13 ? u"-tls1_3"_s : u"-tls1_2"_s,
                         u"-connect"_s, u"127.0.0.1:%1"_s.arg(port)};
        if (mode == TlsMode::Verified)
            list += {u"-CAfile"_s, root, u"-verify_return_error"_s, u"-verify_hostname"_s, u"localhost"_s};
        return list;
    }
    QStringList list{
        u"--logfile"_s,  m_directory.filePath(u"gnutls.log"_s),
        u"--port"_s,     QString::number(port),
        u"--priority"_s, u"NORMAL:-VERS-ALL:"_s + (version == Version::Tls13 ? u"+VERS-TLS1.3"_s : u"+VERS-TLS1.2"_s)};
    if (mode == TlsMode::Verified)
        list += {u"--x509cafile"_s, root, u"--verify-hostname"_s, u"localhost"_s};
    else
        list += u"--insecure"_s;
    return list + QStringList{u"127.0.0.1"_s};
}

void tst_InteropTools::readsItsId_data()
{
    QTest::addColumn<QString>("tool");
    QTest::addColumn<TlsMode>("mode");
    QTest::addColumn<IdFormat>("format");
    for (const QString &tool : {u"openssl"_s, u"gnutls-cli"_s}) {
        for (const TlsMode mode : {TlsMode::SelfSigned, TlsMode::Verified}) {
            for (const IdFormat format : {IdFormat::Hex8, IdFormat::Raw4}) {
                QTest::addRow("%s, %s, %s", qPrintable(tool), wordFor(mode), wordFor(format)) << tool << mode << format;
            }
        }
    }
}

void tst_InteropTools::readsItsId()
{
    QFETCH(QString, tool);
    QFETCH(TlsMode, mode);
    QFETCH(IdFormat, format);
    const QString program = findProgram(tool);
    if (program.isEmpty())
        QSKIP("not installed");

    ServerPool pool;
    pool.setIdFormat(format);
    pool.setTls(mode == TlsMode::Verified ? showing(m_issued) : tlsMode(mode));
    QVERIFY2(pool.listen(QHostAddress::LocalHost), qPrintable(pool.lastError().message()));

    Process client;
    QVERIFY(client.run(program, arguments(tool, pool.serverPort(), mode, Version::Tls13)));
    const qsizetype size = format == IdFormat::Hex8 ? 8 : 4;
    QTRY_VERIFY2(client.output().size() >= size, client.errors().constData());
    // The server writes the id and nothing else.
    QCOMPARE(client.output().size(), size);
    const QString id = QString::fromLatin1(format == IdFormat::Hex8 ? client.output() : client.output().toHex());

    const TakeResult taken = await(pool.take(ConnectionId::fromString(id).value_or(ConnectionId())));
    VERIFY_TAKEN(taken);
    const Connection connection = taken.connection();
    QCOMPARE(connection.id().toString(), id);

    client.write("a line from the tool\n");
    QCOMPARE(readExactly(connection.socket(), 21), "a line from the tool\n"_ba);
    connection.socket()->write("an answer\n");
    QTRY_COMPARE(client.output().mid(size), "an answer\n"_ba);
}

void tst_InteropTools::olderTlsIsRefused_data()
{
    QTest::addColumn<QString>("tool");
    QTest::newRow("openssl") << u"openssl"_s;
    QTest::newRow("gnutls-cli") << u"gnutls-cli"_s;
}

void tst_InteropTools::olderTlsIsRefused()
{
    QFETCH(QString, tool);
    const QString program = findProgram(tool);
    if (program.isEmpty())
        QSKIP("not installed");

    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));

    Process old;
    QVERIFY(old.run(program, arguments(tool, pool.serverPort(), TlsMode::SelfSigned, Version::Tls12)));
    QTRY_COMPARE(old.state(), QProcess::NotRunning);
    QVERIFY(old.exitCode() != 0);
    QCOMPARE(old.output(), QByteArray());
    QTRY_COMPARE(pool.status().failedIn(Phase::Handshake), 1);
    QCOMPARE(pool.active(), 0);

    Process current;
    QVERIFY(current.run(program, arguments(tool, pool.serverPort(), TlsMode::SelfSigned, Version::Tls13)));
    QTRY_COMPARE(pool.active(), 1);
}

QTEST_GUILESS_MAIN(tst_InteropTools)
#include "tst_interop_tools.moc"
