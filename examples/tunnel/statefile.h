// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/clientpool.h>

#include <QtCore/QObject>
#include <QtCore/QThreadPool>
#include <QtCore/QTimer>

namespace Tunnel {

/// Keeps what a pool has learned about the takes in a file, so that the pool has enough connections after a restart of
/// the program.
///
/// Only the owner of the file can read and write it (mode 0600). If a file exists that this class did not write, this
/// class does not change it. Lives in the pool's thread. Another thread writes the file.
class StateFile : public QObject
{
    Q_OBJECT

public:
    static constexpr std::chrono::milliseconds saveInterval{60'000};

    StateFile(Tidepool::ClientPool &pool, const QString &fileName, QObject *parent = nullptr);
    ~StateFile() override;

    /// Passes the contents of the file to the pool. Returns one line that says what is wrong and what to do. Returns an
    /// empty string on success, or if there is no file yet. Reads the file in this thread, so call this before the pool
    /// starts.
    [[nodiscard]] QString restore();
    /// From now on, saves changes once in saveInterval. Has no effect if restore() found a foreign file.
    void start();
    /// If anything has changed, saves now, and waits until the file is written.
    void finish();

signals:
    /// The file could not be written. @p problem is one line that says what to do. Emitted once each time the cause
    /// changes.
    void failed(const QString &problem);

private:
    void save();
    void onWritten(const QString &problem);

    Tidepool::ClientPool &m_pool;
    const QString m_fileName;
    bool m_isForeign = false; // true if another program wrote the existing file
    Tidepool::SizingLevels m_saved; // the levels of the last save
    QString m_problem;
    QTimer m_timer;
    QThreadPool m_writer; // one thread, so that the last save wins
};

} // namespace Tunnel
