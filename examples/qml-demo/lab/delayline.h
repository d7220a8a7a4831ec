// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtNetwork/QTcpServer>

#include <atomic>
#include <chrono>

namespace Dashboard {

/// A network path on the loopback that forwards every byte after a delay.
///
/// Without the delay, a dial over the loopback takes 2 ms, and no take would wait long enough to be visible. Lives in
/// one thread. setDelay() can be called from any thread.
class DelayLine : public QTcpServer
{
    Q_OBJECT

public:
    explicit DelayLine(QObject *parent = nullptr);

    /// The delay in one direction. A round trip takes twice as long. Default: 0. A change applies to bytes that arrive
    /// later.
    void setDelay(std::chrono::milliseconds delay) { m_delay = delay.count(); }
    [[nodiscard]] std::chrono::milliseconds delay() const { return std::chrono::milliseconds(m_delay); }

    /// Listens on the loopback at @p port (0: any free port) and forwards to @p target on the loopback. Returns false
    /// on failure, see errorString().
    [[nodiscard]] bool open(quint16 port, quint16 target);
    /// Stops listening and closes all connections, as if the cable were unplugged.
    void cut();

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    std::atomic<std::chrono::milliseconds::rep> m_delay = 0;
    quint16 m_target = 0;
};

} // namespace Dashboard
