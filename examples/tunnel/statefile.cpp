// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statefile.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QFile>
#include <QtCore/QFileInfo>
#include <QtCore/QSaveFile>

namespace Tunnel {

using Tidepool::SizingLevels;

namespace {

// Runs in any thread. Returns the error.
QString write(const QString &fileName, const QByteArray &text)
{
    // A rename would replace a device with a file.
    const QFileInfo there(fileName);
    if (there.exists() && !there.isFile())
        return QStringLiteral("cannot write the state file %1: it is not a plain file; name another with --state-file")
            .arg(fileName);
    QSaveFile file(fileName);
    const bool isWritten = file.open(QIODevice::WriteOnly)
        && file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) && file.write(text) == text.size()
        && file.commit();
    return isWritten
        ? QString()
        : QStringLiteral("cannot write the state file %1: %2; check the folder and the space in it, or name "
                         "another with --state-file")
              .arg(fileName, file.errorString());
}

// Every save has another time. If nothing new was learned, there is no other difference.
bool saysTheSame(const SizingLevels &one, SizingLevels other)
{
    other.savedAt = one.savedAt;
    return one == other;
}

} // namespace

StateFile::StateFile(Tidepool::ClientPool &pool, const QString &fileName, QObject *parent)
    : QObject(parent), m_pool(pool), m_fileName(fileName)
{
    m_writer.setMaxThreadCount(1);
    m_timer.setInterval(saveInterval);
    connect(&m_timer, &QTimer::timeout, this, &StateFile::save);
}

StateFile::~StateFile()
{
    m_writer.waitForDone();
}

QString StateFile::restore()
{
    const QFileInfo there(m_fileName);
    if (!there.exists())
        return {};
    m_isForeign = true;
    const auto refuse = [this](const QString &why) {
        return QStringLiteral(
                   "the state file %1 is not used: %2. It is left as it is, and nothing is saved; delete it, "
                   "or name another with --state-file")
            .arg(m_fileName, why);
    };
    // A read from a pipe or a device can block.
    if (!there.isFile())
        return refuse(QStringLiteral("it is not a plain file"));
    QFile file(m_fileName);
    if (!file.open(QIODevice::ReadOnly))
        return refuse(file.errorString());
    QString problem;
    const auto levels = SizingLevels::fromText(file.read(SizingLevels::maximumTextSize + 1), &problem);
    if (!levels)
        return refuse(problem);
    m_isForeign = false;
    m_saved = *levels;
    m_pool.setLevels(*levels);
    return {};
}

void StateFile::start()
{
    if (!m_isForeign)
        m_timer.start();
}

void StateFile::finish()
{
    m_timer.stop();
    if (!m_isForeign)
        save();
    m_writer.waitForDone();
    QCoreApplication::sendPostedEvents(this); // calls onWritten() for the last save
}

void StateFile::save()
{
    const SizingLevels levels = m_pool.levels();
    if (saysTheSame(m_saved, levels))
        return;
    m_saved = levels;
    // The destructor waits for this task.
    m_writer.start([this, fileName = m_fileName, text = QByteArray(levels.toText() + '\n')] {
        const QString problem = write(fileName, text);
        QMetaObject::invokeMethod(
            this, [this, problem] { onWritten(problem); }, Qt::QueuedConnection);
    });
}

void StateFile::onWritten(const QString &problem)
{
    if (!problem.isEmpty())
        m_saved = {}; // so that the next save tries again
    if (problem == m_problem)
        return;
    m_problem = problem;
    if (!problem.isEmpty())
        emit failed(problem);
}

} // namespace Tunnel
