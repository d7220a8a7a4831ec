// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "cli/librarywords.h"
#include "client/announcer.h"
#include "limitedwarnings.h"
#include "protocol/linecodec.h"
#include "protocol/messages.h"

#include <QtCore/QJsonArray>
#include <QtTest/QTest>

using namespace Tunnel;
using Tidepool::ConnectionId;

/// The control channel's words, without a socket: lines, messages, announcements.
class tst_tunnel_control : public QObject
{
    Q_OBJECT

private slots:
    void splitter_data();
    void splitter();
    void splitterTakesAnyCut();
    void lineRoundTrip();
    void badLine_data();
    void badLine();
    void messageRoundTrip_data();
    void messageRoundTrip();
    void badMessage_data();
    void badMessage();
    void longListIsSplit();
    void textCannotForgeLogLines();
    void announcerTellsOnlyNews();
    void announcerStartsOver();
    void warningsAreCounted();
    void kindsOfWarningsAreApart();
    void kindsOfWarningsAreFew();
    void libraryWords_data();
    void libraryWords();
};

void tst_tunnel_control::splitter_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QList<QByteArray>>("lines");
    QTest::addColumn<bool>("fits");

    QTest::newRow("nothing") << QByteArray() << QList<QByteArray>() << true;
    QTest::newRow("one line") << QByteArray("abc\n") << QList<QByteArray>{"abc"} << true;
    QTest::newRow("no end yet") << QByteArray("abc") << QList<QByteArray>() << true;
    QTest::newRow("two lines and a rest") << QByteArray("a\nb\nc") << QList<QByteArray>{"a", "b"} << true;
    QTest::newRow("empty lines") << QByteArray("\n\n") << QList<QByteArray>{"", ""} << true;
    QTest::newRow("carriage return") << QByteArray("abc\r\n") << QList<QByteArray>{"abc"} << true;
    QTest::newRow("as long as allowed") << QByteArray("12345678\n") << QList<QByteArray>{"12345678"} << true;
    QTest::newRow("too long") << QByteArray("123456789\n") << QList<QByteArray>() << false;
    QTest::newRow("too long without an end") << QByteArray("123456789") << QList<QByteArray>() << false;
    QTest::newRow("the second too long") << QByteArray("a\n123456789") << QList<QByteArray>{"a"} << false;
    QTest::newRow("NUL is a byte") << QByteArray("a\0b\n", 4) << QList<QByteArray>{QByteArray("a\0b", 3)} << true;
}

void tst_tunnel_control::splitter()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const QList<QByteArray>, lines);
    QFETCH(const bool, fits);

    LineSplitter splitter(8);
    QList<QByteArray> got;
    QCOMPARE(splitter.feed(bytes, got), fits);
    QCOMPARE(got, lines);
    if (fits)
        QCOMPARE(splitter.hasRest(), !bytes.isEmpty() && !bytes.endsWith('\n'));
}

void tst_tunnel_control::splitterTakesAnyCut()
{
    const QByteArray bytes("one\r\ntwo\n\nthree\n");
    const QList<QByteArray> lines{"one", "two", "", "three"};
    for (qsizetype size = 1; size <= bytes.size(); ++size) {
        LineSplitter splitter(8);
        QList<QByteArray> got;
        for (qsizetype i = 0; i < bytes.size(); i += size)
            QVERIFY(splitter.feed(bytes.mid(i, size), got));
        QCOMPARE(got, lines);
    }
}

void tst_tunnel_control::lineRoundTrip()
{
    const QJsonObject message{{QStringLiteral("open"), QStringLiteral("0a1b2c3d")},
                              {QStringLiteral("peer"), QStringLiteral("a\nb")}};
    const QByteArray line = encodeLine(message);
    QVERIFY(line.endsWith('\n'));
    QCOMPARE(line.count('\n'), 1);
    QString error;
    QCOMPARE(decodeLine(line.chopped(1), &error), message);
    QVERIFY(error.isEmpty());
}

void tst_tunnel_control::badLine_data()
{
    QTest::addColumn<QByteArray>("line");

    QTest::newRow("empty") << QByteArray();
    QTest::newRow("words") << QByteArray("GET / HTTP/1.1");
    QTest::newRow("TLS") << QByteArray("\x16\x03\x01\x02\x00", 5);
    QTest::newRow("cut off") << QByteArray("{\"open\":");
    QTest::newRow("an array") << QByteArray("[1]");
    QTest::newRow("two objects") << QByteArray("{}{}");
    QTest::newRow("deep") << QByteArray(60'000, '[');
}

void tst_tunnel_control::badLine()
{
    QFETCH(const QByteArray, line);
    QString error;
    QVERIFY(!decodeLine(line, &error));
    QVERIFY(!error.isEmpty());
}

void tst_tunnel_control::messageRoundTrip_data()
{
    using Messages::Type;
    QTest::addColumn<QJsonObject>("object");
    QTest::addColumn<int>("type");
    QTest::addColumn<ConnectionId>("id");
    QTest::addColumn<QList<ConnectionId>>("ids");
    QTest::addColumn<QString>("text");

    const ConnectionId id(0x0a1b2c3d);
    const QList<ConnectionId> ids{ConnectionId(1), ConnectionId(2)};
    const QList<ConnectionId> none;
    const QString text = QStringLiteral("words");
    QTest::newRow("open") << Messages::open(id, text) << int(Type::Open) << id << none << text;
    QTest::newRow("opened") << Messages::opened(id) << int(Type::Opened) << id << none << QString();
    QTest::newRow("refused") << Messages::refused(id, text) << int(Type::Refused) << id << none << text;
    QTest::newRow("have") << Messages::have(ids).constFirst() << int(Type::Have) << ConnectionId() << ids << QString();
    QTest::newRow("gone") << Messages::gone(ids).constFirst() << int(Type::Gone) << ConnectionId() << ids << QString();
    QTest::newRow("bye") << Messages::bye(text) << int(Type::Bye) << ConnectionId() << none << text;
    QTest::newRow("waiting") << Messages::waiting(7) << int(Type::Waiting) << ConnectionId() << none << QString();
    QTest::newRow("unknown") << QJsonObject{{QStringLiteral("later"), 1}} << int(Type::Unknown) << ConnectionId()
                             << none << QString();
}

void tst_tunnel_control::messageRoundTrip()
{
    QFETCH(const QJsonObject, object);
    QFETCH(const int, type);
    QFETCH(const ConnectionId, id);
    QFETCH(const QList<ConnectionId>, ids);
    QFETCH(const QString, text);

    const Messages::Message message = Messages::read(object);
    QCOMPARE(int(message.type), type);
    QCOMPARE(message.id, id);
    QCOMPARE(message.ids, ids);
    QCOMPARE(message.text, text);
    QCOMPARE(message.count, message.type == Messages::Type::Waiting ? 7 : 0);
}

void tst_tunnel_control::badMessage_data()
{
    QTest::addColumn<QByteArray>("line");

    QTest::newRow("id is no id") << QByteArray(R"({"open":"xyz"})");
    QTest::newRow("id is a number") << QByteArray(R"({"opened":12345678})");
    QTest::newRow("upper case") << QByteArray(R"({"refused":"0A1B2C3D"})");
    QTest::newRow("fewer than none wait") << QByteArray(R"({"waiting":-1})");
    QTest::newRow("half a visitor") << QByteArray(R"({"waiting":1.5})");
    QTest::newRow("no number") << QByteArray(R"({"waiting":"7"})");
    QTest::newRow("no list") << QByteArray(R"({"have":"0a1b2c3d"})");
    QTest::newRow("a bad id in a list") << QByteArray(R"({"gone":["0a1b2c3d","0a1b2c3"]})");
}

void tst_tunnel_control::badMessage()
{
    QFETCH(const QByteArray, line);
    QString error;
    const auto object = decodeLine(line, &error);
    QVERIFY(object);
    QCOMPARE(int(Messages::read(*object).type), int(Messages::Type::Malformed));
}

void tst_tunnel_control::longListIsSplit()
{
    QList<ConnectionId> ids;
    for (quint32 i = 0; i < 2'500; ++i)
        ids.append(ConnectionId(i));
    QList<ConnectionId> read;
    const QList<QJsonObject> messages = Messages::have(ids);
    QCOMPARE(messages.size(), 3);
    for (const QJsonObject &message : messages) {
        QVERIFY(encodeLine(message).size() < 16 * 1024);
        read += Messages::read(message).ids;
    }
    QCOMPARE(read, ids);
    QVERIFY(Messages::have({}).isEmpty());
}

void tst_tunnel_control::textCannotForgeLogLines()
{
    const QString evil = QStringLiteral("x\n2026-01-01 info tunnel up\x1b[2J") + QString(10'000, QLatin1Char('y'));
    const QString text = Messages::read(Messages::refused(ConnectionId(1), evil)).text;
    QVERIFY(!text.contains(QLatin1Char('\n')));
    QVERIFY(!text.contains(QLatin1Char('\x1b')));
    QCOMPARE(text.size(), 200);
}

void tst_tunnel_control::announcerTellsOnlyNews()
{
    Announcer announcer;
    announcer.parked(ConnectionId(1));
    announcer.parked(ConnectionId(2));
    announcer.evicted(ConnectionId(2)); // nobody was told of it
    announcer.parked(ConnectionId(3));
    announcer.taken(ConnectionId(3));
    QCOMPARE(announcer.messages(), Messages::have({ConnectionId(1)}));
    QVERIFY(announcer.messages().isEmpty());

    announcer.evicted(ConnectionId(1));
    announcer.evicted(ConnectionId(1));
    announcer.evicted(ConnectionId(9)); // never seen
    QCOMPARE(announcer.messages(), Messages::gone({ConnectionId(1)}));
    QCOMPARE(announcer.parkedCount(), 0);
}

void tst_tunnel_control::announcerStartsOver()
{
    Announcer announcer;
    announcer.parked(ConnectionId(1));
    QCOMPARE(announcer.messages().size(), 1);
    announcer.parked(ConnectionId(2));
    announcer.evicted(ConnectionId(2));
    announcer.startOver();
    QCOMPARE(announcer.messages(), Messages::have({ConnectionId(1)}));
}

void tst_tunnel_control::warningsAreCounted()
{
    using namespace std::chrono_literals;
    LimitedWarnings log(10s);
    const LimitedWarnings::Time start;
    const QString kind = QStringLiteral("breaks");
    QCOMPARE(log.report(kind, QStringLiteral("it broke"), start), QStringLiteral("it broke"));
    QCOMPARE(log.nextDue(), start + 10s);
    QVERIFY(log.report(kind, QStringLiteral("it broke again"), start + 1s).isNull());
    QVERIFY(log.report(kind, QStringLiteral("and again"), start + 9s).isNull());
    QCOMPARE(log.due(start + 9s), QStringList());
    QCOMPARE(log.due(start + 10s), QStringList{QStringLiteral("and again (and 1 more like it)")});
    // The count was a warning, too.
    QVERIFY(log.report(kind, QStringLiteral("once more"), start + 11s).isNull());
    QCOMPARE(log.due(start + 20s), QStringList{QStringLiteral("once more")});
    QCOMPARE(log.nextDue(), start + 30s);
    QCOMPARE(log.due(start + 30s), QStringList());
    QCOMPARE(log.nextDue(), LimitedWarnings::Time::max());
    QCOMPARE(log.report(kind, QStringLiteral("much later"), start + 31s), QStringLiteral("much later"));
    QVERIFY(log.report(kind, QStringLiteral("too soon"), start + 32s).isNull());
    QCOMPARE(log.reset(), 1);
    QCOMPARE(log.report(kind, QStringLiteral("it broke"), start + 33s), QStringLiteral("it broke"));
}

void tst_tunnel_control::kindsOfWarningsAreApart()
{
    LimitedWarnings log;
    const LimitedWarnings::Time start;
    for (const QString &kind : {QStringLiteral("one"), QStringLiteral("other")}) {
        QCOMPARE(log.report(kind, kind, start), kind);
        QVERIFY(log.report(kind, kind, start).isNull());
    }
}

void tst_tunnel_control::kindsOfWarningsAreFew()
{
    LimitedWarnings log;
    const LimitedWarnings::Time start;
    int logged = 0;
    for (int i = 0; i < 1'000; ++i)
        logged += log.report(QString::number(i), QStringLiteral("text"), start).isNull() ? 0 : 1;
    QCOMPARE(logged, LimitedWarnings::maximumKinds + 1);
}

void tst_tunnel_control::libraryWords_data()
{
    QTest::addColumn<QString>("message");
    QTest::addColumn<QString>("shown");
    const auto row = [](const char *name, const char *message, const char *shown) {
        QTest::newRow(name) << QString::fromLatin1(message) << QString::fromLatin1(shown);
    };
    row("plain", "Connection refused. Is the server running, and is the port right?",
        "Connection refused. Is the server running, and is the port right?");
    row("pin", "It matches no pin. If it was renewed, update TlsOptions::pins; otherwise",
        "It matches no pin. If it was renewed, update --pin; otherwise");
    row("authority", "by a trusted authority (TlsOptions::hostName, certificateAuthorities).",
        "by a trusted authority (--server-name, --ca).");
    row("no id",
        "no answer. Is it a Tidepool or Go pool server, with the same TLS mode? Other servers need Identity::Local.",
        "no answer. Is it a tidepool server, with the same --tls?");
    row("silent server",
        "no answer. Does the server speak TLS on this port? If not, use TlsMode::None; if so, it is slow.",
        "no answer. Does the server speak TLS on this port? If not, use --tls none; if so, it is slow.");
    row("silent client",
        "The handshake with the client 192.0.2.1 failed: no answer. Do both ends use the same TLS mode? If so, the "
        "client or the network is slow.",
        "The handshake with the client 192.0.2.1 failed: no answer. Does the client use the same --tls, and is its "
        "--pin "
        "right? If so, the client or the network is slow.");
    row("at the client", "The handshake with a:1 failed: closed. Do both ends use the same TLS mode?",
        "The handshake with a:1 failed: closed. Do both ends use the same --tls, and does the server's --allow name "
        "this "
        "machine?");
    row("at the server", "The handshake with the client 192.0.2.1 failed: closed. Do both ends use the same TLS mode?",
        "The handshake with the client 192.0.2.1 failed: closed. Does the client use the same --tls, and is its --pin "
        "right?");
}

void tst_tunnel_control::libraryWords()
{
    QFETCH(const QString, message);
    QFETCH(const QString, shown);
    QCOMPARE(inOptions(message), shown);
}

QTEST_GUILESS_MAIN(tst_tunnel_control)
#include "tst_tunnel_control.moc"
