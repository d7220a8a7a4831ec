// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lograte.h"

#include <algorithm>

namespace Tidepool {

bool LogRate::failure(const PoolError &error, Clock::time_point now)
{
    const auto [place, isNew] = m_kinds.try_emplace({error.phase(), error.kind()});
    Held &held = place->second;
    // A kind that had no failure for its whole time, and that due() has not removed yet.
    if (isNew || (held.what.count == 0 && held.until <= now)) {
        held = {};
        held.until = now + held.interval;
        return true;
    }
    ++held.what.count;
    held.what.message = error.message();
    return false;
}

std::vector<LogRate::HeldBack> LogRate::due(Clock::time_point now)
{
    std::vector<HeldBack> result;
    for (auto place = m_kinds.begin(); place != m_kinds.end();) {
        Held &held = place->second;
        if (held.until > now) {
            ++place;
        } else if (held.what.count == 0) {
            place = m_kinds.erase(place);
        } else {
            result.push_back(std::exchange(held.what, {}));
            held.interval = std::min(2 * held.interval, longest);
            held.until = now + held.interval;
            ++place;
        }
    }
    return result;
}

LogRate::Clock::time_point LogRate::nextDue() const
{
    auto next = Clock::time_point::max();
    for (const auto &[kind, held] : m_kinds)
        next = std::min(next, held.until);
    return next;
}

std::vector<LogRate::HeldBack> LogRate::takeAll()
{
    std::vector<HeldBack> result;
    for (auto &[kind, held] : m_kinds) {
        if (held.what.count > 0)
            result.push_back(std::move(held.what));
    }
    m_kinds.clear();
    return result;
}

} // namespace Tidepool
