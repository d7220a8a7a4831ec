// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "wantunnels.h"

#include "benchmarkerror.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

namespace Bench {

namespace {

// The namespaces have all ports to themselves.
constexpr quint16 serverPort = 8'443;
constexpr quint16 visitorPort = 8'080;

QString loopback()
{
    return QStringLiteral("127.0.0.1");
}

QString endpoint(const QString &host, quint16 port)
{
    return QStringLiteral("%1:%2").arg(host).arg(port);
}

WanRoute buildTidepool(const QString &program, const WanLink &link, quint16 target)
{
    const QStringList environment{QStringLiteral("TIDEPOOL_SECRET=only-for-measuring-in-namespaces")};
    const QString server = endpoint(QLatin1String(WanLink::farAddress), serverPort);
    WanRoute route{loopback(), visitorPort, {}};
    route.programs.push_back(
        std::make_unique<Child>(program,
                                QStringList{QStringLiteral("server"), QStringLiteral("--listen"), server,
                                            QStringLiteral("--expose"), endpoint(loopback(), visitorPort)},
                                environment, &link.farEnd()));
    route.programs.push_back(
        std::make_unique<Child>(program,
                                QStringList{QStringLiteral("client"), QStringLiteral("--server"), server,
                                            QStringLiteral("--target"), endpoint(loopback(), target)},
                                environment, &link.nearEnd()));
    return route;
}

/// A sshd with a key and a configuration of its own, and what ssh needs to reach it.
class SshDirectory
{
public:
    SshDirectory()
    {
        makeKey(QStringLiteral("host"));
        makeKey(QStringLiteral("user"));
        QFile file(path(QStringLiteral("sshd_config")));
        if (!file.open(QIODevice::WriteOnly) || file.write(configuration().toUtf8()) < 0)
            throw BenchmarkError(QStringLiteral("Cannot write %1: %2.").arg(file.fileName(), file.errorString()));
    }

    [[nodiscard]] QString path(const QString &name) const { return m_directory.filePath(name); }

private:
    void makeKey(const QString &name) const
    {
        QProcess process;
        process.start(QStringLiteral("ssh-keygen"),
                      {QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"),
                       QString(), QStringLiteral("-f"), path(name)});
        if (!process.waitForFinished() || process.exitCode() != 0)
            throw BenchmarkError(QStringLiteral("ssh-keygen made no key."));
    }

    // What serves a client is a child of sshd, and outlives it. It learns by ClientAlive that the link is gone.
    [[nodiscard]] QString configuration() const
    {
        return QStringLiteral("ListenAddress %1\nHostKey %2\nAuthorizedKeysFile %3\nPidFile none\nStrictModes no\n"
                              "UsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
                              "ClientAliveInterval 5\nClientAliveCountMax 2\n")
            .arg(endpoint(QLatin1String(WanLink::farAddress), serverPort), path(QStringLiteral("host")),
                 path(QStringLiteral("user.pub")));
    }

    QTemporaryDir m_directory;
};

class Sshd final : public Child
{
public:
    Sshd(const QString &program, std::shared_ptr<SshDirectory> directory, const WanLink &link)
        : Child(program,
                {QStringLiteral("-D"), QStringLiteral("-e"), QStringLiteral("-f"),
                 directory->path(QStringLiteral("sshd_config"))},
                {}, &link.farEnd())
        , m_directory(std::move(directory))
    {}

private:
    std::shared_ptr<SshDirectory> m_directory;
};

WanRoute buildSsh(const QString &sshd, const WanLink &link, quint16 target)
{
    // What Debian's service makes for sshd, and a machine without it lacks.
    QDir().mkpath(QStringLiteral("/run/sshd"));
    auto directory = std::make_shared<SshDirectory>();
    WanRoute route{loopback(), visitorPort, {}};
    route.programs.push_back(std::make_unique<Sshd>(sshd, directory, link));
    const QStringList options{QStringLiteral("BatchMode=yes"),
                              QStringLiteral("StrictHostKeyChecking=no"),
                              QStringLiteral("UserKnownHostsFile=/dev/null"),
                              QStringLiteral("ExitOnForwardFailure=yes"),
                              QStringLiteral("ConnectionAttempts=20"),
                              QStringLiteral("LogLevel=ERROR")};
    QStringList arguments{QStringLiteral("-N"), QStringLiteral("-F"), QStringLiteral("none"), QStringLiteral("-i"),
                          directory->path(QStringLiteral("user"))};
    for (const QString &option : options)
        arguments += {QStringLiteral("-o"), option};
    arguments +=
        {QStringLiteral("-R"), endpoint(loopback(), visitorPort) + QLatin1Char(':') + endpoint(loopback(), target),
         QStringLiteral("-p"), QString::number(serverPort),
         QStringLiteral("root@") + QLatin1String(WanLink::farAddress)};
    route.programs.push_back(std::make_unique<Child>(QStringLiteral("ssh"), arguments, QStringList{}, &link.nearEnd()));
    return route;
}

} // namespace

WanTunnel tidepoolTunnel()
{
    const QString program = QCoreApplication::applicationDirPath() + QStringLiteral("/tidepool");
    return {QStringLiteral("tidepool"), QFile::exists(program) ? QString() : QStringLiteral("not built"),
            [program](const WanLink &link, quint16 target) { return buildTidepool(program, link, target); }};
}

WanTunnel sshTunnel()
{
    const QString sshd = QStandardPaths::findExecutable(
        QStringLiteral("sshd"), {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/local/sbin")});
    const bool isThere = !sshd.isEmpty() && !QStandardPaths::findExecutable(QStringLiteral("ssh")).isEmpty();
    return {QStringLiteral("ssh -R"), isThere ? QString() : QStringLiteral("not installed"),
            [sshd](const WanLink &link, quint16 target) { return buildSsh(sshd, link, target); }};
}

WanTunnel noTunnel()
{
    return {QStringLiteral("no tunnel"), {}, [](const WanLink &, quint16 target) {
                return WanRoute{QLatin1String(WanLink::nearAddress), target, {}};
            }};
}

} // namespace Bench
