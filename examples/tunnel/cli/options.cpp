// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "options.h"

#include "helptexts.h"
#include "optionreader.h"

#include <QtCore/QRegularExpression>

namespace Tunnel {

using Tidepool::TlsMode;

namespace {

constexpr QLatin1String serverName("server");
constexpr QLatin1String clientName("client");
constexpr QLatin1String demoName("demo");

// --- Both ends -------------------------------------------------------------------------------------

QString commonValues()
{
    return QStringLiteral(" tls secret-file metrics heartbeat idle-timeout io-threads");
}

void readMode(OptionReader &reader, TlsChoice &tls)
{
    const QLatin1String name("tls");
    const QString mode = reader.isSet(name) ? reader.text(name) : QStringLiteral("self-signed");
    if (mode == QLatin1String("self-signed"))
        tls.mode = TlsMode::SelfSigned;
    else if (mode == QLatin1String("none"))
        tls.mode = TlsMode::None;
    else if (mode == QLatin1String("verified"))
        tls.mode = TlsMode::Verified;
    else
        reader.fail(QStringLiteral("--tls \"%1\" is none of: self-signed, verified, none.").arg(mode));
}

void readCommon(OptionReader &reader, CommonOptions &options)
{
    readMode(reader, options.tls);
    options.secretFile = reader.text(QLatin1String("secret-file"));
    if (reader.isSet(QLatin1String("metrics")))
        reader.listenEndpoint(QLatin1String("metrics"), options.metrics.emplace(), QStringLiteral("127.0.0.1"));
    reader.milliseconds(QLatin1String("heartbeat"), options.heartbeat, 50, 3'600'000);
    reader.seconds(QLatin1String("idle-timeout"), options.idleTimeout, 0, 1'000'000);
    reader.number(QLatin1String("io-threads"), options.ioThreads, 1, 64);
    options.verbose = reader.isSet(QLatin1String("verbose"));
}

// --- The server ------------------------------------------------------------------------------------

void readServerTls(OptionReader &reader, TlsChoice &tls)
{
    tls.certificateFile = reader.text(QLatin1String("cert"));
    tls.keyFile = reader.text(QLatin1String("key"));
    if (tls.certificateFile.isEmpty() != tls.keyFile.isEmpty())
        reader.fail(QStringLiteral("--cert and --key belong together; give both."));
    else if (tls.mode == TlsMode::None && !tls.keyFile.isEmpty())
        reader.fail(QStringLiteral("--cert and --key are of no use with --tls none; leave out one or the other."));
    else if (tls.mode == TlsMode::Verified && tls.keyFile.isEmpty())
        reader.fail(
            QStringLiteral("--tls verified needs a certificate and its key: --cert fullchain.pem --key privkey.pem"));
}

void readAllowed(OptionReader &reader, QStringList &allowed)
{
    allowed = reader.texts(QLatin1String("allow"));
    for (const QString &network : std::as_const(allowed)) {
        // parseSubnet() would expand "192.168.1" to a network that the user did not mean.
        const QHostAddress address(network.section(QLatin1Char('/'), 0, 0));
        if (address.isNull() || QHostAddress::parseSubnet(network).second < 0)
            reader.fail(QStringLiteral("--allow \"%1\" is not an address or a network, like 192.0.2.7 or 10.0.0.0/8.")
                            .arg(network));
    }
}

CommandLine parseServer(const QStringList &arguments)
{
    OptionReader reader(serverName,
                        QStringLiteral("listen expose allow cert key visitor-wait max-waiting") + commonValues(),
                        QStringLiteral("verbose"));
    if (!reader.parse(arguments))
        return reader.exit();
    ServerOptions options;
    reader.require(QLatin1String("listen"), QLatin1String(":8443"));
    reader.require(QLatin1String("expose"), QLatin1String(":8080"));
    reader.listenEndpoint(QLatin1String("listen"), options.listen);
    reader.listenEndpoint(QLatin1String("expose"), options.expose);
    readCommon(reader, options);
    readServerTls(reader, options.tls);
    readAllowed(reader, options.allowed);
    reader.seconds(QLatin1String("visitor-wait"), options.visitorPatience, 1, 3'600);
    reader.number(QLatin1String("max-waiting"), options.maximumWaiting, 1, 100'000);
    return reader.failed() ? CommandLine(reader.exit()) : CommandLine(options);
}

// --- The client ------------------------------------------------------------------------------------

void readClientTls(OptionReader &reader, TlsChoice &tls)
{
    tls.authoritiesFile = reader.text(QLatin1String("ca"));
    tls.serverName = reader.text(QLatin1String("server-name"));
    tls.pins = reader.texts(QLatin1String("pin"));
    if (tls.mode == TlsMode::None && !tls.pins.isEmpty())
        reader.fail(QStringLiteral("--pin is of no use with --tls none; leave out one or the other."));
    if (tls.mode != TlsMode::Verified && !(tls.authoritiesFile.isEmpty() && tls.serverName.isEmpty()))
        reader.fail(
            QStringLiteral("--ca and --server-name are of use only with --tls verified; add it, or leave them out."));
    static const QRegularExpression form(QStringLiteral("^sha256:(?:[0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$"));
    for (const QString &pin : std::as_const(tls.pins)) {
        if (!form.match(pin).hasMatch()) {
            reader.fail(
                QStringLiteral("--pin \"%1\" is not \"sha256:\" and 64 hexadecimal digits; the server logs its own "
                               "when it starts.")
                    .arg(pin));
        }
    }
}

CommandLine parseClient(const QStringList &arguments)
{
    OptionReader reader(clientName,
                        QStringLiteral("server target ca server-name pin min max min-interval max-interval state-file "
                                       "record")
                            + commonValues(),
                        QStringLiteral("verbose retry-forever"));
    if (!reader.parse(arguments))
        return reader.exit();
    ClientOptions options;
    reader.require(QLatin1String("server"), QLatin1String("example.org:8443"));
    reader.require(QLatin1String("target"), QLatin1String("127.0.0.1:8080"));
    reader.remoteEndpoint(QLatin1String("server"), options.server, {});
    reader.remoteEndpoint(QLatin1String("target"), options.target, QStringLiteral("127.0.0.1"));
    readCommon(reader, options);
    readClientTls(reader, options.tls);
    options.retriesForever = reader.isSet(QLatin1String("retry-forever"));
    options.stateFile = reader.text(QLatin1String("state-file"));
    if (reader.isSet(QLatin1String("state-file")) && options.stateFile.isEmpty())
        reader.fail(QStringLiteral("--state-file needs the name of a file, like tidepool.state."));
    options.traceFile = reader.text(QLatin1String("record"));
    if (reader.isSet(QLatin1String("record")) && options.traceFile.isEmpty())
        reader.fail(QStringLiteral("--record needs the name of a file, like visitors.trace."));
    reader.number(QLatin1String("min"), options.bounds.minimumCapacity, 1, 65'536);
    reader.number(QLatin1String("max"), options.bounds.maximumCapacity, 1, 65'536);
    reader.milliseconds(QLatin1String("min-interval"), options.bounds.minimumInterval, 1, 3'600'000);
    reader.milliseconds(QLatin1String("max-interval"), options.bounds.maximumInterval, 1, 3'600'000);
    return reader.failed() ? CommandLine(reader.exit()) : CommandLine(options);
}

// --- The demo --------------------------------------------------------------------------------------

CommandLine parseDemo(const QStringList &arguments)
{
    OptionReader reader(demoName, QStringLiteral("seconds connections megabytes"), QStringLiteral("verbose"));
    if (!reader.parse(arguments))
        return reader.exit();
    DemoOptions options;
    reader.number(QLatin1String("seconds"), options.seconds, 1, 3'600);
    reader.number(QLatin1String("connections"), options.connections, 1, 2'000);
    reader.number(QLatin1String("megabytes"), options.megabytes, 1, 100'000);
    options.verbose = reader.isSet(QLatin1String("verbose"));
    return reader.failed() ? CommandLine(reader.exit()) : CommandLine(options);
}

} // namespace

CommandLine parseCommandLine(const QStringList &arguments)
{
    const QString command = arguments.value(1);
    const QStringList rest = arguments.mid(1);
    if (command == serverName)
        return parseServer(rest);
    if (command == clientName)
        return parseClient(rest);
    if (command == demoName)
        return parseDemo(rest);
    if (command == QLatin1String("--version") || command == QLatin1String("-v"))
        return Exit{0, versionText()};
    if (command == QLatin1String("--help") || command == QLatin1String("-h"))
        return Exit{0, programHelp()};
    if (command == QLatin1String("help")) {
        const QString topic = arguments.value(2);
        const bool isCommand = topic == serverName || topic == clientName || topic == demoName;
        return Exit{0, isCommand ? commandHelp(topic) : programHelp()};
    }
    const QString mistake = command.isEmpty()
        ? QStringLiteral("say what it is to be: server, client or demo.")
        : QStringLiteral("there is no command \"%1\"; there are server, client and demo.").arg(command);
    return Exit{2, QStringLiteral("tidepool: %1\nSee: tidepool --help\n").arg(mistake)};
}

} // namespace Tunnel
