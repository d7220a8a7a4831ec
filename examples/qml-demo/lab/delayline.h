// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtNetwork/QTcpServer>

#include <atomic>
#include <chrono>

namespace Dashboard {

/// A stretch of network on the loopback: passes every byte on, but only after a while.
///
/// Without it a dial over the loopback takes 2 ms, and nobody would ever see a take wait. Lives in one thread;
/// setDelay() may be called from any.
class DelayLine : public QTcpServer
{
    Q_OBJECT

public:
    explicit DelayLine(QObject *parent = nullptr);

    /// One way; a round trip takes twice as long. Default: 0. Holds for bytes that arrive from now on.
    void setDelay(std::chrono::milliseconds delay) { m_delay = delay.count(); }
    [[nodiscard]] std::chrono::milliseconds delay() const { return std::chrono::milliseconds(m_delay); }

    /// Listens on the loopback at @p port, 0 for any, and carries to @p target there. False: see errorString().
    [[nodiscard]] bool open(quint16 port, quint16 target);
    /// Stops listening and breaks everything it carries, as a pulled cable would.
    void cut();

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    std::atomic<std::chrono::milliseconds::rep> m_delay = 0;
    quint16 m_target = 0;
};

} // namespace Dashboard
