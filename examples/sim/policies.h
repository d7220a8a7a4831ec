// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "trace.h"

#include <policy/sizing.h>

namespace Sim {

using Tidepool::Sizing;

/// The base of policies that neither learn nor adapt.
class UnlearningSizing : public Sizing
{
public:
    void setBounds(const Tidepool::Bounds &) override {}
    void onTake(Time) override {}
    void onDialEnded(Time, Clock::duration) override {}
    void onRoundBegun(Time, int) override {}
    void onRoundEnded(Time, int) override {}
    [[nodiscard]] Time nextChange(Time) override { return Time::max(); }
    [[nodiscard]] Tidepool::SizingReason reason(Time) override { return {}; }
    [[nodiscard]] std::optional<Time> nextBurst(Time) const override { return std::nullopt; }
    [[nodiscard]] std::chrono::milliseconds interval(Time) override { return std::chrono::seconds(1); }
};

/// The same capacity all the time.
class StaticSizing final : public UnlearningSizing
{
public:
    explicit StaticSizing(int capacity) : m_capacity(capacity) {}
    [[nodiscard]] int target(Time) override { return m_capacity; }
    [[nodiscard]] int surplusAbove(Time) override { return m_capacity; }

private:
    int m_capacity;
};

/// Knows the trace: each dial starts just in time for the take that needs it.
class ClairvoyantSizing final : public UnlearningSizing
{
public:
    ClairvoyantSizing(const Trace &trace, Clock::duration dialTime) : m_trace(trace), m_dialTime(dialTime) {}
    void onTake(Time) override { ++m_taken; }
    [[nodiscard]] int target(Time now) override;
    [[nodiscard]] int surplusAbove(Time now) override { return target(now); }
    [[nodiscard]] Time nextChange(Time now) override;

private:
    [[nodiscard]] size_t dueUntil(Time now);

    const Trace &m_trace;
    Clock::duration m_dialTime;
    size_t m_taken = 0;
    size_t m_due = 0; // the number of takes for which a dial that starts now would be in time
};

} // namespace Sim
