// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/process.h"

#include "support/reservedport.h"

#include <QtCore/QStandardPaths>

#ifdef Q_OS_LINUX
#    include <sys/prctl.h>

#    include <csignal>
#endif

#include <memory>
#include <vector>

namespace TestSupport {

QString findProgram(const QString &name)
{
    const QString found = QStandardPaths::findExecutable(name);
    if (!found.isEmpty())
        return found;
    return QStandardPaths::findExecutable(name, {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/local/sbin")});
}

quint16 freePort()
{
    static std::vector<std::unique_ptr<ReservedPort>> reserved;
    reserved.push_back(std::make_unique<ReservedPort>());
    return reserved.back()->port();
}

Process::Process(QObject *parent) : QProcess(parent)
{
#ifdef Q_OS_LINUX
    setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });
#endif
}

Process::~Process()
{
    if (state() != NotRunning) {
        kill();
        waitForFinished(5'000);
    }
}

bool Process::run(const QString &program, const QStringList &arguments)
{
    start(program, arguments);
    return waitForStarted(10'000);
}

QByteArray Process::output()
{
    m_output += readAllStandardOutput();
    return m_output;
}

QByteArray Process::errors()
{
    m_errors += readAllStandardError();
    return m_errors;
}

QStringList Process::lines()
{
    QStringList complete = QString::fromUtf8(output()).split(u'\n');
    complete.removeLast();
    return complete;
}

QString Process::value(const QString &key)
{
    const QString start = key + u' ';
    for (const QString &line : lines()) {
        if (line.startsWith(start))
            return line.mid(start.size());
    }
    return {};
}

} // namespace TestSupport
