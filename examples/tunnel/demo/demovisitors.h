// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "demochecksum.h"

#include <tidepool/poolstatus.h>

#include <QtCore/QHash>
#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <atomic>
#include <chrono>

namespace Tunnel {

/// The results of the demo's visitors. The atomic fields can be read during the demo, the others afterwards.
struct DemoResults
{
    std::atomic<qint64> sent = 0; ///< Bytes of finished visitors that the target received correctly.
    std::atomic<qint64> received = 0; ///< Bytes so far.
    std::atomic<int> begun = 0;
    std::atomic<int> underWay = 0;
    std::atomic<int> right = 0; ///< Visitors with every byte correct in both directions.
    std::atomic<int> wrongUp = 0; ///< The target received other bytes than were sent.
    std::atomic<int> wrongDown = 0;
    std::atomic<int> broken = 0; ///< Visits that ended before all bytes had arrived.
    QHash<QString, int> reasons; ///< The reasons of the broken visits.
    Tidepool::Distribution firstByte; ///< From the connect to the first byte out of the tunnel.
};

/// The demo's visitors: keeps a number of visitors active for a time, then lets the last ones finish.
class DemoVisitors : public QObject
{
    Q_OBJECT

public:
    struct Plan
    {
        quint16 port = 0; ///< On the loopback.
        int atOnce = 1;
        std::chrono::milliseconds time{0};
    };

    DemoVisitors(const DemoData &data, const Plan &plan, QObject *parent = nullptr);

    void start();
    [[nodiscard]] const DemoResults &results() const { return m_results; }

signals:
    /// The last visitor has finished.
    void finished();

private:
    class Visit;

    void begin();
    void end(Visit *visit);

    const DemoData &m_data;
    const Plan m_plan;
    DemoResults m_results;
    std::chrono::steady_clock::time_point m_end;
};

} // namespace Tunnel
