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

/// The texts and the formatting of `tidepool demo`: converts plain text to a terminal's text.
class DemoReport
{
public:
    /// The data of the progress line.
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

    /// The data of the table.
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
    /// Formats a finished step of the preparations.
    [[nodiscard]] QString done(const QString &what, const QString &detail) const;
    [[nodiscard]] QString failed(const QString &what, const QString &detail) const;
    [[nodiscard]] QString progress(const Progress &progress) const;
    [[nodiscard]] QString summary(const Summary &summary) const;

    /// True if the demo succeeded: every visit that started had the right result.
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
