// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <chrono>
#include <vector>

namespace Tidepool {

/// The takes that the application has announced and not made yet.
///
/// An announcement ends when its time is up, and each take counts for every one. The largest is what is expected: so it
/// does no harm to announce the same takes again.
///
/// Pure: time is a parameter.
class Expectations
{
public:
    using Time = std::chrono::steady_clock::time_point;

    /// @p count takes are to come before @p until.
    void add(int count, Time until);
    void onTake();
    /// How many takes are still to come.
    [[nodiscard]] int count(Time now);
    /// When count() falls without a take; Time::max() for never.
    [[nodiscard]] Time nextChange(Time now);

private:
    struct Announcement
    {
        int count = 0;
        Time until;
    };
    void forget(Time now);

    std::vector<Announcement> m_announced; // counts fall, times rise: others would change nothing
};

} // namespace Tidepool
