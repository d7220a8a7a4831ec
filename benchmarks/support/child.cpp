// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "child.h"

#include "benchmarkerror.h"
#include "networknamespace.h"
#include "stopwatch.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QFileInfo>
#include <QtCore/QJsonDocument>

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace Bench {

namespace {
constexpr int startTimeout = 10'000;
constexpr int endTimeout = 3'000;
} // namespace

Child::Child(const QString &program, const QStringList &arguments, const QStringList &environment,
             const NetworkNamespace *network)
{
    m_process.setProgram(program);
    m_process.setArguments(arguments);
    auto merged = QProcessEnvironment::systemEnvironment();
    for (const QString &line : environment)
        merged.insert(line.section(QLatin1Char('='), 0, 0), line.section(QLatin1Char('='), 1));
    m_process.setProcessEnvironment(merged);
    // No child outlives a benchmark that was killed.
    m_process.setChildProcessModifier([number = network ? network->number() : -1] {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (number >= 0 && ::setns(number, CLONE_NEWNET) != 0)
            ::_exit(1);
    });
    m_process.start();
    if (!m_process.waitForStarted(startTimeout))
        throw BenchmarkError(QStringLiteral("%1 did not start: %2.").arg(program, m_process.errorString()));
}

Child::~Child()
{
    m_process.terminate();
    if (!m_process.waitForFinished(endTimeout)) {
        m_process.kill();
        m_process.waitForFinished(endTimeout);
    }
}

bool Child::isRunning()
{
    m_process.waitForFinished(0);
    return m_process.state() == QProcess::Running;
}

QString Child::complaint()
{
    return QString::fromLocal8Bit(m_process.readAllStandardError()).simplified();
}

PartProcess::PartProcess(const QString &part, const QStringList &arguments, const NetworkNamespace *network)
    : Child(QCoreApplication::applicationFilePath(), QStringList{QStringLiteral("--part"), part} + arguments, {},
            network)
{}

PartProcess::~PartProcess()
{
    m_process.closeWriteChannel(); // the part's sign to end
    m_process.waitForFinished(endTimeout);
}

QJsonObject PartProcess::answer(std::chrono::milliseconds timeout)
{
    const Stopwatch watch;
    while (!m_process.canReadLine()) {
        const auto rest = timeout - std::chrono::duration_cast<std::chrono::milliseconds>(watch.elapsed());
        if (rest.count() > 0 && m_process.waitForReadyRead(static_cast<int>(rest.count())))
            continue;
        if (m_process.canReadLine())
            break;
        const QString words = complaint();
        throw BenchmarkError(
            QStringLiteral("The part \"%1\" %2%3")
                .arg(m_process.arguments().value(1),
                     rest.count() > 0 ? QStringLiteral("ended early.") : QStringLiteral("took too long."),
                     words.isEmpty() ? QString() : QLatin1Char(' ') + words));
    }
    return QJsonDocument::fromJson(m_process.readLine()).object();
}

quint16 PartProcess::port()
{
    return static_cast<quint16>(answer().value(QStringLiteral("port")).toInt());
}

} // namespace Bench
