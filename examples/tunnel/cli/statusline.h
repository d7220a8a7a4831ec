// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <functional>

namespace Tunnel {

/// Keeps the terminal's last line up to date, five times a second at most; takes it away at the end.
/// Does nothing if there is no terminal.
class StatusLine : public QObject
{
    Q_OBJECT

public:
    /// @p text gives the line; it is cut to the terminal's width.
    explicit StatusLine(std::function<QString()> text, QObject *parent = nullptr);
    ~StatusLine() override;

    void start();
    void stop();

private:
    void update();

    const std::function<QString()> m_text;
    QTimer m_timer;
};

/// Megabytes a second, from a count of bytes that is looked at now and then.
class Rate
{
public:
    /// @p bytes so far; the rate since the last look.
    double look(qint64 bytes);

private:
    std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
    qint64 m_bytes = 0;
};

/// "1.2 GB", "345 kB"
[[nodiscard]] QString formatBytes(qint64 bytes);

} // namespace Tunnel
