// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QFile>
#include <QtCore/QObject>
#include <QtCore/QThreadPool>
#include <QtCore/QTimer>

#include <chrono>

namespace Tunnel {

/// Writes the arrival times of visitors in the format of tidepool-sim: one time on each line, in seconds since the
/// start. Writes nothing else about the visitors.
///
/// The file must not exist yet. A separate thread writes the file, once in writeInterval.
class TraceFile : public QObject
{
    Q_OBJECT

public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds writeInterval{1'000};

    explicit TraceFile(const QString &fileName, QObject *parent = nullptr);
    ~TraceFile() override;

    /// Starts the trace. Times count from this call. On failure, returns one line that says what is wrong and what to
    /// do. On success, returns an empty string.
    [[nodiscard]] QString start();
    /// Records that a visitor came at @p now.
    void add(Clock::time_point now);
    /// Writes the remaining lines, and waits until they are written.
    void finish();

signals:
    /// The file could not be written, and the trace ends. @p problem is one line that says what to do.
    void failed(const QString &problem);

private:
    void write();

    QFile m_file; // used in m_writer's thread after start()
    QByteArray m_lines; // the lines that are not written yet
    Clock::time_point m_begin;
    QTimer m_timer;
    bool m_hasFailed = false;
    QThreadPool m_writer; // one thread, so that the lines stay in order
};

} // namespace Tunnel
