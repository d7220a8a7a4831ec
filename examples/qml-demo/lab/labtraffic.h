// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connection.h>
#include <tidepool/takeresult.h>

#include <QtCore/QObject>
#include <QtCore/QRandomGenerator>
#include <QtCore/QTimer>

#include <atomic>
#include <chrono>

namespace Tidepool {
class ClientPool;
class ServerPool;
} // namespace Tidepool

namespace Dashboard {

/// The lab's visitors and the service that they visit. A visitor takes a connection of the client's pool, requests some
/// bytes, receives them from the server's pool over TLS, and leaves.
///
/// Lives in the lab's thread, so that a visitor never delays a frame. Any thread can read the counters.
class LabTraffic : public QObject
{
    Q_OBJECT

public:
    /// Both pools live in another thread, and outlive this object.
    LabTraffic(Tidepool::ClientPool &client, Tidepool::ServerPool &server);
    ~LabTraffic() override;

    /// Sets the average number of visitors a second. They come at random moments.
    void setRate(double perSecond);
    /// Starts @p visitors visitors at the same moment.
    void burst(int visitors);
    /// Ends all visits and starts no more.
    void stop();

    [[nodiscard]] qint64 bytesDown() const { return m_bytesDown; } ///< From the server to the visitors. Any thread.
    [[nodiscard]] qint64 bytesUp() const { return m_bytesUp; } ///< Any thread.
    [[nodiscard]] int visitors() const { return m_visitors; } ///< With a connection now. Any thread.

private:
    class Visit;
    class Answer;

    void come();
    void visit();
    void spoken(Tidepool::ConnectionId id);

    Tidepool::ClientPool &m_client;
    Tidepool::ServerPool &m_server;
    QTimer m_arrival;
    QRandomGenerator m_random{QRandomGenerator::securelySeeded()};
    double m_perSecond = 0;
    std::chrono::steady_clock::time_point m_nextArrival;
    std::atomic<qint64> m_bytesDown = 0;
    std::atomic<qint64> m_bytesUp = 0;
    std::atomic<int> m_visitors = 0;
};

} // namespace Dashboard
