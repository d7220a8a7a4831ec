// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "routes.h"

#include "benchmarkerror.h"
#include "blockingsocket.h"
#include "usage.h"

#include <tidepool/tlsoptions.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QFile>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

namespace Bench {

namespace {

constexpr std::chrono::seconds openingTime{15};

/// A program with a configuration in a directory that goes with it.
class ConfiguredChild final : public Child
{
public:
    ConfiguredChild(const QString &program, const QStringList &arguments, std::shared_ptr<QTemporaryDir> directory)
        : Child(program, arguments), m_directory(std::move(directory))
    {}

private:
    std::shared_ptr<QTemporaryDir> m_directory;
};

QString findProgram(const QString &name)
{
    const QString found = QStandardPaths::findExecutable(name);
    return found.isEmpty()
        ? QStandardPaths::findExecutable(name, {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/local/sbin")})
        : found;
}

QString write(const QTemporaryDir &directory, const QString &name, const QByteArray &contents)
{
    QFile file(directory.filePath(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(contents) != contents.size())
        throw BenchmarkError(QStringLiteral("Cannot write %1: %2.").arg(file.fileName(), file.errorString()));
    file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    return file.fileName();
}

Carrier programCarrier(const QString &name, std::function<Route(const QString &program, quint16 target)> build)
{
    const QString program = findProgram(name);
    return {name, program.isEmpty() ? QStringLiteral("not installed") : QString(),
            [program, build = std::move(build)](quint16 target) { return build(program, target); }};
}

QString endpoint(quint16 port)
{
    return QStringLiteral("127.0.0.1:%1").arg(port);
}

Route buildHaproxy(const QString &program, quint16 target)
{
    auto directory = std::make_shared<QTemporaryDir>();
    Route route{freePort(), {}};
    const QString file =
        write(*directory, QStringLiteral("haproxy.cfg"),
              QStringLiteral("defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
                             "listen relay\n bind %1\n server sink %2\n")
                  .arg(endpoint(route.entrance), endpoint(target))
                  .toUtf8());
    route.carriers.push_back(std::make_unique<ConfiguredChild>(
        program, QStringList{QStringLiteral("-db"), QStringLiteral("-q"), QStringLiteral("-f"), file}, directory));
    return route;
}

Route buildSocat(const QString &program, quint16 target)
{
    Route route{freePort(), {}};
    route.carriers.push_back(std::make_unique<Child>(
        program,
        QStringList{QStringLiteral("TCP-LISTEN:%1,bind=127.0.0.1,reuseaddr,fork,backlog=256").arg(route.entrance),
                    QStringLiteral("TCP:") + endpoint(target)}));
    return route;
}

Route buildStunnel(const QString &program, quint16 target)
{
    auto directory = std::make_shared<QTemporaryDir>();
    Route route{freePort(), {}};
    const quint16 middle = freePort();
    const Tidepool::CertificateAndKey made = Tidepool::makeSelfSignedCertificate();
    const QString pem =
        write(*directory, QStringLiteral("stunnel.pem"), made.privateKey.toPem() + made.certificate.toPem());
    const QString common = QStringLiteral("foreground = yes\npid =\ndebug = err\n[pipe]\naccept = %1\nconnect = %2\n");
    const QString farEnd =
        write(*directory, QStringLiteral("server.conf"),
              (common.arg(endpoint(middle), endpoint(target)) + QStringLiteral("cert = ") + pem + QLatin1Char('\n'))
                  .toUtf8());
    const QString nearEnd =
        write(*directory, QStringLiteral("client.conf"),
              (common.arg(endpoint(route.entrance), endpoint(middle)) + QStringLiteral("client = yes\n")).toUtf8());
    route.carriers.push_back(std::make_unique<ConfiguredChild>(program, QStringList{farEnd}, directory));
    route.carriers.push_back(std::make_unique<ConfiguredChild>(program, QStringList{nearEnd}, directory));
    return route;
}

Route buildTunnel(const QString &program, quint16 target)
{
    Route route{freePort(), {}};
    const quint16 middle = freePort();
    const QStringList environment{QStringLiteral("TIDEPOOL_SECRET=only-for-measuring-on-loopback")};
    const QStringList mode{QStringLiteral("--tls"), QStringLiteral("self-signed")};
    route.carriers.push_back(
        std::make_unique<Child>(program,
                                QStringList{QStringLiteral("server"), QStringLiteral("--listen"), endpoint(middle),
                                            QStringLiteral("--expose"), endpoint(route.entrance)}
                                    + mode,
                                environment));
    route.carriers.push_back(
        std::make_unique<Child>(program,
                                QStringList{QStringLiteral("client"), QStringLiteral("--server"), endpoint(middle),
                                            QStringLiteral("--target"), endpoint(target)}
                                    + mode,
                                environment));
    return route;
}

} // namespace

std::chrono::milliseconds Route::cpu() const
{
    std::chrono::milliseconds sum{0};
    for (const auto &carrier : carriers)
        sum += cpuOfTree(carrier->pid());
    return sum;
}

qint64 Route::residentBytes() const
{
    qint64 sum = 0;
    for (const auto &carrier : carriers)
        sum += residentBytesOfTree(carrier->pid());
    return sum;
}

Carrier directCarrier()
{
    return {QStringLiteral("direct, nothing between"), {}, [](quint16 target) { return Route{target, {}}; }};
}

Carrier relayCarrier()
{
    return {QStringLiteral("Relay"), {}, [](quint16 target) {
                Route route;
                auto part =
                    std::make_unique<PartProcess>(QStringLiteral("relay"), QStringList{argument("target", target)});
                route.entrance = part->port();
                route.carriers.push_back(std::move(part));
                return route;
            }};
}

Carrier haproxyCarrier()
{
    return programCarrier(QStringLiteral("haproxy"), buildHaproxy);
}

Carrier socatCarrier()
{
    return programCarrier(QStringLiteral("socat"), buildSocat);
}

Carrier stunnelCarrier()
{
    return programCarrier(QStringLiteral("stunnel"), buildStunnel);
}

Carrier tunnelCarrier()
{
    const QString program = QCoreApplication::applicationDirPath() + QStringLiteral("/tidepool");
    return {QStringLiteral("tidepool"), QFile::exists(program) ? QString() : QStringLiteral("not built"),
            [program](quint16 target) { return buildTunnel(program, target); }};
}

Route openRoute(const Carrier &carrier, quint16 target)
{
    Route route = carrier.build(target);
    if (awaitPath(route.entrance, openingTime))
        return route;
    QString words;
    for (const auto &child : route.carriers)
        words += child->complaint() + QLatin1Char(' ');
    throw BenchmarkError(QStringLiteral("Nothing came through %1. %2").arg(carrier.name, words.trimmed()));
}

} // namespace Bench
