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

/// Decides which failures are logged.
///
/// The kind of a failure is its phase and its ErrorKind. The first failure of a kind is logged at once. The failures
/// that follow are held back and logged together, with their number and the text of the last one: first after a second,
/// and while failures continue, each time after twice the previous time, up to half a minute. If no failure of a kind
/// occurs for that long, the kind is forgotten. The memory is therefore limited by the number of kinds. The text is not
/// part of the kind, because a text can name a client, and unknown clients must not fill the log.
///
/// A plain value. Time is a parameter and must not go backwards.
class LogRate
{
public:
    using Clock = std::chrono::steady_clock;

    /// Failures that were held back.
    struct HeldBack
    {
        QString message; ///< The message of the last failure.
        qint64 count = 0;
    };

    static constexpr std::chrono::seconds shortest{1};
    static constexpr std::chrono::seconds longest{32};

    /// True if @p error is to be logged now. Otherwise the failure is held back.
    [[nodiscard]] bool failure(const PoolError &error, Clock::time_point now);
    /// The failures to log at @p now.
    [[nodiscard]] std::vector<HeldBack> due(Clock::time_point now);
    /// When to call due() next. Clock::time_point::max() means never.
    [[nodiscard]] Clock::time_point nextDue() const;
    /// Returns all failures that are still held back, and forgets all kinds.
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
