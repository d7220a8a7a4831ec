// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../metrics/tunnelmetrics.h"
#include "../relayregistry.h"
#include "demovisitors.h"

#include <tidepool/poolstatus.h>

#include <QtCore/QString>

#include <chrono>
#include <vector>

namespace Tunnel {

/// The words and the looks of `tidepool demo`: plain text in, a terminal's text out.
class DemoReport
{
public:
    /// What the line that moves shows.
    struct Progress
    {
        double share = 0; ///< 0 to 1 of the time; more when it is over.
        int underWay = 0; ///< Visitors.
        int active = 0;
        int capacity = 0;
        int intervalMs = 0;
        int waiting = 0;
        double megabytesPerSecond = 0;
    };

    /// What the table shows.
    struct Summary
    {
        const DemoResults &results;
        Tidepool::PoolStatus client;
        const TunnelMetrics &server;
        std::chrono::duration<double> time;
        double bestRate = 0; ///< MB/s
        int highestCapacity = 0;
    };

    DemoReport(bool colours, bool unicode) : m_colours(colours), m_unicode(unicode) {}

    [[nodiscard]] QString title() const;
    /// A step of the preparations that is done.
    [[nodiscard]] QString done(const QString &what, const QString &detail) const;
    [[nodiscard]] QString failed(const QString &what, const QString &detail) const;
    [[nodiscard]] QString progress(const Progress &progress) const;
    [[nodiscard]] QString summary(const Summary &summary) const;

    /// Whether the demo succeeded: everything that began was right.
    [[nodiscard]] static bool isRight(const DemoResults &results);

private:
    enum class Style { Plain, Bold, Dim, Good, Bad, Accent };
    [[nodiscard]] QString styled(Style style, const QString &text) const;
    [[nodiscard]] QString heading(const QString &text) const;
    [[nodiscard]] QString row(const QString &name, const QString &value, const QString &note = {}) const;
    [[nodiscard]] QString bar(double share, int width) const;
    [[nodiscard]] QString throughput(const Summary &summary) const;
    [[nodiscard]] QString pool(const Summary &summary) const;
    [[nodiscard]] QString verdict(const DemoResults &results) const;

    bool m_colours;
    bool m_unicode;
};

} // namespace Tunnel
