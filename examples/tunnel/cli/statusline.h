// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <functional>

namespace Tunnel {

/// Updates the last line of the terminal, at most five times a second, and removes the line at the end. Does nothing
/// without a terminal.
class StatusLine : public QObject
{
    Q_OBJECT

public:
    /// @p text returns the line, which is cut to the terminal's width.
    explicit StatusLine(std::function<QString()> text, QObject *parent = nullptr);
    ~StatusLine() override;

    void start();
    void stop();

private:
    void update();

    const std::function<QString()> m_text;
    QTimer m_timer;
};

/// Megabytes a second, calculated from a byte count that is read from time to time.
class Rate
{
public:
    /// @p bytes is the total so far. Returns the rate since the last call.
    double look(qint64 bytes);

private:
    std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
    qint64 m_bytes = 0;
};

/// "1.2 GB", "345 kB"
[[nodiscard]] QString formatBytes(qint64 bytes);

} // namespace Tunnel
