// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/clientpool.h>

#include <QtCore/QObject>
#include <QtCore/QThreadPool>
#include <QtCore/QTimer>

namespace Tunnel {

/// Keeps what a pool has learned of the takes in a file, so that the program is warm when it is started again.
///
/// Only its owner may read and write the file (mode 0600). What is there and was not written by this class is left
/// alone. Lives in the pool's thread; the file is written in another.
class StateFile : public QObject
{
    Q_OBJECT

public:
    static constexpr std::chrono::milliseconds saveInterval{60'000};

    StateFile(Tidepool::ClientPool &pool, const QString &fileName, QObject *parent = nullptr);
    ~StateFile() override;

    /// Gives the pool what the file holds. Returns one line about what is wrong and what to do; empty if nothing is, or
    /// there is no such file yet. Reads in this thread, so call it before the pool starts.
    [[nodiscard]] QString restore();
    /// From now on, saves once in saveInterval what has changed. Not if restore() found a foreign file.
    void start();
    /// Saves now if anything has changed, and waits until it is written.
    void finish();

signals:
    /// The file could not be written; one line that says what to do. Once for each time that the cause changes.
    void failed(const QString &problem);

private:
    void save();
    void onWritten(const QString &problem);

    Tidepool::ClientPool &m_pool;
    const QString m_fileName;
    bool m_isForeign = false; // what is there is somebody else's
    Tidepool::SizingLevels m_saved; // as of the last save
    QString m_problem;
    QTimer m_timer;
    QThreadPool m_writer; // one thread, so that the last one wins
};

} // namespace Tunnel
