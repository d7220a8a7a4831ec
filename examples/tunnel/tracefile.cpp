// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tracefile.h"

#include <QtCore/QCoreApplication>

#include <utility>

namespace Tunnel {

TraceFile::TraceFile(const QString &fileName, QObject *parent) : QObject(parent), m_file(fileName)
{
    m_writer.setMaxThreadCount(1);
    m_timer.setInterval(writeInterval);
    connect(&m_timer, &QTimer::timeout, this, &TraceFile::write);
}

TraceFile::~TraceFile()
{
    m_writer.waitForDone();
}

QString TraceFile::start()
{
    // An existing file can be valuable, and two runs in one file are not a valid trace.
    if (!m_file.open(QIODevice::WriteOnly | QIODevice::NewOnly | QIODevice::Unbuffered))
        return QStringLiteral("cannot record to %1: %2; name a file that does not exist yet with --record")
            .arg(m_file.fileName(), m_file.errorString());
    m_lines = "# When visitors came, in seconds; for tidepool-sim.\n";
    m_begin = Clock::now();
    write();
    m_timer.start();
    return {};
}

void TraceFile::add(Clock::time_point now)
{
    if (m_hasFailed)
        return;
    m_lines += QByteArray::number(std::chrono::duration<double>(now - m_begin).count(), 'f', 3) + '\n';
}

void TraceFile::finish()
{
    m_timer.stop();
    write();
    m_writer.waitForDone();
    QCoreApplication::sendPostedEvents(this); // emits failed() for a last error
}

void TraceFile::write()
{
    if (m_lines.isEmpty())
        return;
    // The destructor waits for this task.
    m_writer.start([this, lines = std::exchange(m_lines, {})] {
        if (m_file.write(lines) == lines.size())
            return;
        const QString problem = QStringLiteral("the recording %1 ends here: %2; is there space for it?")
                                    .arg(m_file.fileName(), m_file.errorString());
        const auto tell = [this, problem] {
            m_timer.stop();
            if (!std::exchange(m_hasFailed, true))
                emit failed(problem);
        };
        QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
    });
}

} // namespace Tunnel
