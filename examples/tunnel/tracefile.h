// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QFile>
#include <QtCore/QObject>
#include <QtCore/QThreadPool>
#include <QtCore/QTimer>

#include <chrono>

namespace Tunnel {

/// Writes when visitors came, one time a line in seconds since the start, as tidepool-sim reads it. Times only.
///
/// The file must not be there yet. It is written in a thread of its own, once in writeInterval.
class TraceFile : public QObject
{
    Q_OBJECT

public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds writeInterval{1'000};

    explicit TraceFile(const QString &fileName, QObject *parent = nullptr);
    ~TraceFile() override;

    /// Returns one line about what is wrong and what to do; empty if nothing is. The times count from here.
    [[nodiscard]] QString start();
    /// A visitor came now.
    void add(Clock::time_point now);
    /// Writes what is left, and waits until it is written.
    void finish();

signals:
    /// The file could not be written, and nothing more is; one line that says what to do.
    void failed(const QString &problem);

private:
    void write();

    QFile m_file; // in m_writer's thread after start()
    QByteArray m_lines; // not written yet
    Clock::time_point m_begin;
    QTimer m_timer;
    bool m_hasFailed = false;
    QThreadPool m_writer; // one thread, so that the lines stay in order
};

} // namespace Tunnel
