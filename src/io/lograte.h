// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolerror.h>

#include <QtCore/QString>

#include <chrono>
#include <map>
#include <utility>
#include <vector>

namespace Tidepool {

/// Which of many failures are worth a line in the log.
///
/// The first of a kind, which is its phase and its ErrorKind, is told at once. Those that follow are held back and told
/// together, with their number and the words of the last: after a second, and, as long as they go on, after twice the
/// time each, up to half a minute. A kind that was quiet for that long is forgotten, so there are never more than there
/// are kinds. By kind and not by words, which may name a client: unknown clients must not fill the log.
///
/// A plain value; time is a parameter and must not go backwards.
class LogRate
{
public:
    using Clock = std::chrono::steady_clock;

    /// Failures that were held back.
    struct HeldBack
    {
        QString message; ///< Of the last.
        qint64 count = 0;
    };

    static constexpr std::chrono::seconds shortest{1};
    static constexpr std::chrono::seconds longest{32};

    /// True if @p error is to be told now; else it is held back.
    [[nodiscard]] bool failure(const PoolError &error, Clock::time_point now);
    /// What is to be told at @p now.
    [[nodiscard]] std::vector<HeldBack> due(Clock::time_point now);
    /// When due() is to be asked next; Clock::time_point::max() for never.
    [[nodiscard]] Clock::time_point nextDue() const;
    /// What is still held back. All kinds are forgotten.
    [[nodiscard]] std::vector<HeldBack> takeAll();

private:
    using Kind = std::pair<Phase, ErrorKind>;
    struct Held
    {
        HeldBack what;
        std::chrono::seconds interval = shortest;
        Clock::time_point until;
    };

    std::map<Kind, Held> m_kinds;
};

} // namespace Tidepool
