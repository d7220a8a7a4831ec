// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "cli/helptexts.h"
#include "cli/options.h"
#include "endpoint.h"

#include <QtTest/QTest>

using namespace Tunnel;
using namespace std::chrono_literals;
using Tidepool::TlsMode;

namespace {

QStringList words(const QByteArray &line)
{
    return QStringList(QStringLiteral("tidepool"))
        + QString::fromLatin1(line).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

} // namespace

/// What people type, and what they are told when it is wrong.
class tst_tunnel_options : public QObject
{
    Q_OBJECT

private slots:
    void endpoint_data();
    void endpoint();
    void addressToListenOn_data();
    void addressToListenOn();
    void formattedAddress();
    void serverDefaults();
    void everyServerOption();
    void clientDefaults();
    void everyClientOption();
    void demo();
    void mistake_data();
    void mistake();
    void help_data();
    void help();
    void version();
};

void tst_tunnel_options::endpoint_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port"); // -1: not an endpoint

    const auto good = [](const char *text, const char *host, int port) {
        QTest::newRow(text) << QString::fromLatin1(text) << QString::fromLatin1(host) << port;
    };
    const auto bad = [](const char *text) {
        QTest::newRow(*text ? text : "empty") << QString::fromLatin1(text) << QString() << -1;
    };
    good("127.0.0.1:80", "127.0.0.1", 80);
    good("[::1]:80", "::1", 80);
    good("[2001:db8::1]:65535", "2001:db8::1", 65535);
    good(":8080", "", 8080);
    good("8080", "", 8080);
    good("example.org:443", "example.org", 443);
    good("*:443", "*", 443);
    good("localhost:0", "localhost", 0);
    bad("");
    bad(":");
    bad("example.org");
    bad("example.org:");
    bad("example.org:http");
    bad("example.org:65536");
    bad("example.org:-1");
    bad("example.org:+80");
    bad("example.org: 80");
    bad("exam ple:80");
    bad("http://example.org:80");
    bad("::1:80");
    bad("[::1]");
    bad("[::1]80");
    bad("[::1:80");
    bad("[]:80");
    bad("[127.0.0.1]:80");
    bad("[example.org]:80");
}

void tst_tunnel_options::endpoint()
{
    QFETCH(const QString, text);
    QFETCH(const QString, host);
    QFETCH(const int, port);
    const auto endpoint = parseEndpoint(text);
    QCOMPARE(endpoint.has_value(), port >= 0);
    if (!endpoint)
        return;
    QCOMPARE(endpoint->host, host);
    QCOMPARE(int(endpoint->port), port);
    QCOMPARE(parseEndpoint(endpoint->toString()), endpoint);
}

void tst_tunnel_options::addressToListenOn_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<QHostAddress>("address"); // null: none

    QTest::newRow("all") << QString() << QHostAddress(QHostAddress::Any);
    QTest::newRow("star") << QStringLiteral("*") << QHostAddress(QHostAddress::Any);
    QTest::newRow("localhost") << QStringLiteral("localhost") << QHostAddress(QHostAddress::LocalHost);
    QTest::newRow("IPv4") << QStringLiteral("192.0.2.7") << QHostAddress(QStringLiteral("192.0.2.7"));
    QTest::newRow("IPv6") << QStringLiteral("::1") << QHostAddress(QStringLiteral("::1"));
    QTest::newRow("a name") << QStringLiteral("example.org") << QHostAddress();
}

void tst_tunnel_options::addressToListenOn()
{
    QFETCH(const QString, host);
    QFETCH(const QHostAddress, address);
    QCOMPARE(listenAddress({host, 80}).value_or(QHostAddress()), address);
}

void tst_tunnel_options::formattedAddress()
{
    QCOMPARE(formatAddress(QHostAddress(QStringLiteral("192.0.2.7")), 80), QStringLiteral("192.0.2.7:80"));
    QCOMPARE(formatAddress(QHostAddress(QStringLiteral("::ffff:192.0.2.7")), 80), QStringLiteral("192.0.2.7:80"));
    QCOMPARE(formatAddress(QHostAddress(QStringLiteral("2001:db8::1")), 80), QStringLiteral("[2001:db8::1]:80"));
    QCOMPARE(formatAddress(QHostAddress(QHostAddress::Any), 80), QStringLiteral("[::]:80"));
}

void tst_tunnel_options::serverDefaults()
{
    const CommandLine line = parseCommandLine(words("server --listen :8443 --expose 127.0.0.1:0"));
    const auto *options = std::get_if<ServerOptions>(&line);
    QVERIFY(options);
    QCOMPARE(options->listen, (Endpoint{{}, 8443}));
    QCOMPARE(options->expose, (Endpoint{QStringLiteral("127.0.0.1"), 0}));
    QCOMPARE(options->tls.mode, TlsMode::SelfSigned);
    QVERIFY(!options->metrics);
    QCOMPARE(options->visitorPatience, 10s);
    QCOMPARE(options->heartbeat, 5s);
    QVERIFY(!options->verbose);
}

void tst_tunnel_options::everyServerOption()
{
    const CommandLine line = parseCommandLine(words(
        "server --listen=[::1]:1 --expose :2 --tls verified --cert c.pem --key k.pem --allow 10.0.0.0/8 --allow ::1 "
        "--secret-file s --metrics :9464 --visitor-wait 3 --max-waiting 4 --idle-timeout 0 --heartbeat 700 "
        "--io-threads 2 "
        "--verbose"));
    const auto *options = std::get_if<ServerOptions>(&line);
    QVERIFY(options);
    QCOMPARE(options->listen, (Endpoint{QStringLiteral("::1"), 1}));
    QCOMPARE(options->tls.mode, TlsMode::Verified);
    QCOMPARE(options->tls.certificateFile, QStringLiteral("c.pem"));
    QCOMPARE(options->tls.keyFile, QStringLiteral("k.pem"));
    QCOMPARE(options->allowed, QStringList({QStringLiteral("10.0.0.0/8"), QStringLiteral("::1")}));
    QCOMPARE(options->secretFile, QStringLiteral("s"));
    QCOMPARE(options->metrics, (Endpoint{QStringLiteral("127.0.0.1"), 9464}));
    QCOMPARE(options->visitorPatience, 3s);
    QCOMPARE(options->maximumWaiting, 4);
    QCOMPARE(options->idleTimeout, 0s);
    QCOMPARE(options->heartbeat, 700ms);
    QCOMPARE(options->ioThreads, 2);
    QVERIFY(options->verbose);
}

void tst_tunnel_options::clientDefaults()
{
    const CommandLine line = parseCommandLine(words("client --server example.org:8443 --target :3000"));
    const auto *options = std::get_if<ClientOptions>(&line);
    QVERIFY(options);
    QCOMPARE(options->server, (Endpoint{QStringLiteral("example.org"), 8443}));
    QCOMPARE(options->target, (Endpoint{QStringLiteral("127.0.0.1"), 3000}));
    QCOMPARE(options->bounds, Tidepool::Bounds());
    QVERIFY(!options->retriesForever);
    QCOMPARE(options->tls.mode, TlsMode::SelfSigned);
}

void tst_tunnel_options::everyClientOption()
{
    const QByteArray pin = "sha256:" + QByteArray(64, 'a');
    const QByteArray colons = "sha256:" + QByteArray("AB:").repeated(31) + "CD";
    const CommandLine line = parseCommandLine(words(
        "client --server s:1 --target t:2 --tls verified --ca ca.pem --server-name n --secret-file f --min 3 --max 4 "
        "--min-interval 5 --max-interval 6 --state-file s --record r --retry-forever --pin "
        + pin + " --pin " + colons));
    const auto *options = std::get_if<ClientOptions>(&line);
    QVERIFY(options);
    QCOMPARE(options->tls.authoritiesFile, QStringLiteral("ca.pem"));
    QCOMPARE(options->tls.serverName, QStringLiteral("n"));
    QCOMPARE(options->stateFile, QStringLiteral("s"));
    QCOMPARE(options->traceFile, QStringLiteral("r"));
    QCOMPARE(options->tls.pins, QStringList({QString::fromLatin1(pin), QString::fromLatin1(colons)}));
    QCOMPARE(options->bounds, (Tidepool::Bounds{3, 4, 5ms, 6ms}));
    QVERIFY(options->retriesForever);
}

void tst_tunnel_options::demo()
{
    const CommandLine line = parseCommandLine(words("demo --seconds 1 --connections 2 --megabytes 3"));
    const auto *options = std::get_if<DemoOptions>(&line);
    QVERIFY(options);
    QCOMPARE(options->seconds, 1);
    QCOMPARE(options->connections, 2);
    QCOMPARE(options->megabytes, 3);
}

void tst_tunnel_options::mistake_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("says"); // names what is wrong, or the remedy

    const auto row = [](const char *name, const char *line, const char *says) {
        QTest::newRow(name) << QByteArray(line) << QString::fromLatin1(says);
    };
    row("nothing", "", "server, client or demo");
    row("unknown command", "sever", "\"sever\"");
    row("unknown option", "server --listen :1 --expose :2 --lisen :3", "lisen");
    row("stray word", "server --listen :1 --expose :2 :3", "\":3\"");
    row("value missing", "server --expose :2 --listen", "listen");
    row("listen missing", "server --expose :2", "--listen is missing; for example --listen :8443");
    row("expose missing", "server --listen :2", "--expose is missing");
    row("listen on a name", "server --listen example.org:1 --expose :2", "address of this machine");
    row("listen without a port", "server --listen 127.0.0.1 --expose :2", "ADDR:PORT");
    row("mode", "server --listen :1 --expose :2 --tls ssl", "self-signed, verified, none");
    row("key without certificate", "server --listen :1 --expose :2 --key k", "belong together");
    row("certificate without TLS", "server --listen :1 --expose :2 --tls none --cert c --key k",
        "of no use with --tls none");
    row("verified without certificate", "server --listen :1 --expose :2 --tls verified", "--cert fullchain.pem");
    row("allow", "server --listen :1 --expose :2 --allow 10.0.0.0/33", "10.0.0.0/33");
    row("allow half an address", "server --listen :1 --expose :2 --allow 192.168.1.", "192.168.1.");
    row("number", "server --listen :1 --expose :2 --max-waiting many", "whole number from 1 to");
    row("heartbeat zero", "server --listen :1 --expose :2 --heartbeat 0", "whole number from");
    row("server missing", "client --target :1", "--server is missing");
    row("target missing", "client --server a:1", "--target is missing");
    row("server without a host", "client --server :1 --target :2", "HOST:PORT");
    row("port 0", "client --server a:0 --target :2", "HOST:PORT");
    row("pasted as it is", "client --server a:1 --target HOST:PORT", "--target 127.0.0.1:8080");
    row("pin without TLS", "client --server a:1 --target :2 --tls none --pin sha256:00", "of no use with --tls none");
    row("short pin", "client --server a:1 --target :2 --pin sha256:00", "64 hexadecimal digits");
    row("pin without its kind", "client --server a:1 --target :2 --pin 00", "64 hexadecimal digits");
    row("authority without verified", "client --server a:1 --target :2 --ca f", "only with --tls verified");
    row("minimum 0", "client --server a:1 --target :2 --min 0", "whole number from 1 to");
    row("secret on the command line", "client --server a:1 --target :2 --secret x", "secret");
    row("seconds", "demo --seconds x", "whole number from 1 to 3600");
}

void tst_tunnel_options::mistake()
{
    QFETCH(const QByteArray, line);
    QFETCH(const QString, says);
    const CommandLine result = parseCommandLine(words(line));
    const auto *exit = std::get_if<Exit>(&result);
    QVERIFY(exit);
    QCOMPARE(exit->code, 2);
    QVERIFY2(exit->text.contains(says), qPrintable(exit->text));
    QVERIFY(exit->text.contains(QStringLiteral("--help")));
}

void tst_tunnel_options::help_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QStringList>("says");

    const auto split = [](const char *text) { return QString::fromLatin1(text).split(QLatin1Char(' ')); };
    QTest::newRow("program") << QByteArray("--help") << split("server client demo --version TIDEPOOL_SECRET=");
    QTest::newRow("word") << QByteArray("help") << split("server client demo");
    QTest::newRow("server")
        << QByteArray("server --help")
        << split("Examples: --listen --expose --allow --metrics --secret-file --tls --cert --key --visitor-wait "
                 "--max-waiting --idle-timeout --heartbeat --io-threads --verbose");
    QTest::newRow("client")
        << QByteArray("client -h")
        << split("Examples: --server --target --metrics --secret-file --tls --pin --ca --server-name --min --max "
                 "--min-interval --max-interval --state-file --record --idle-timeout --heartbeat --io-threads "
                 "--retry-forever "
                 "--verbose");
    QTest::newRow("demo") << QByteArray("help demo")
                          << split("Examples: --seconds --connections --megabytes --verbose");
    QTest::newRow("beside mistakes") << QByteArray("server --lisen :1 --help") << split("Examples:");
}

void tst_tunnel_options::help()
{
    QFETCH(const QByteArray, line);
    QFETCH(const QStringList, says);
    const CommandLine result = parseCommandLine(words(line));
    const auto *exit = std::get_if<Exit>(&result);
    QVERIFY(exit);
    QCOMPARE(exit->code, 0);
    for (const QString &word : says)
        QVERIFY2(exit->text.contains(word), qPrintable(word));
    for (const QString &textLine : exit->text.split(QLatin1Char('\n')))
        QVERIFY2(textLine.size() <= 100, qPrintable(textLine));
}

void tst_tunnel_options::version()
{
    const CommandLine result = parseCommandLine(words("--version"));
    const auto *exit = std::get_if<Exit>(&result);
    QVERIFY(exit);
    QCOMPARE(exit->code, 0);
    QVERIFY(exit->text.startsWith(QStringLiteral("tidepool ")));
    QVERIFY(exit->text.contains(QString::fromLatin1(qVersion())));
}

QTEST_GUILESS_MAIN(tst_tunnel_options)
#include "tst_tunnel_options.moc"
