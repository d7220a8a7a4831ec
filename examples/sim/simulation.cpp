// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "simulation.h"

#include <algorithm>
#include <deque>

namespace Sim {

namespace {

class Simulation
{
public:
    Simulation(const Trace &trace, Tidepool::Sizing &sizing, const Network &network, Time measureFrom)
        : m_trace(trace), m_sizing(sizing), m_network(network), m_measureFrom(measureFrom)
    {}

    Outcome run(Time end)
    {
        beginRound();
        while (m_now < end) {
            adjust();
            const Time next = std::min({nextTake(), nextDialEnd(), m_nextRound, m_nextChange, end});
            passTo(next);
            if (next == nextDialEnd())
                endDial();
            else if (next == nextTake())
                take();
            else if (next == m_nextRound)
                beginRound();
        }
        return outcome(end);
    }

private:
    struct Dial
    {
        Time begun;
        Time ends;
        bool isOfRound;
    };

    [[nodiscard]] Time nextTake() const { return m_taken < m_trace.size() ? m_trace[m_taken] : Time::max(); }
    [[nodiscard]] Time nextDialEnd() const { return m_dials.empty() ? Time::max() : m_dials.front().ends; }
    [[nodiscard]] bool isMeasured() const { return m_now >= m_measureFrom; }

    void passTo(Time next)
    {
        const Time from = std::max(m_now, m_measureFrom);
        if (next > from)
            m_parkedSeconds += m_parked * std::chrono::duration<double>(next - from).count();
        m_now = next;
    }

    // Dials missing connections and closes surplus connections.
    void adjust()
    {
        const int wanted = m_sizing.target(m_now) + static_cast<int>(m_waiting.size());
        for (int have = m_parked + static_cast<int>(m_dials.size()); have < wanted; ++have) {
            m_processorFree = std::max(m_processorFree, m_now + m_network.dialTime) + m_network.work;
            m_dials.push_back({m_now, m_processorFree, m_isRoundOpen});
            m_dialsOfRound += m_isRoundOpen ? 1 : 0;
            m_dialled += isMeasured() ? 1 : 0;
        }
        m_parked = std::min(m_parked, m_sizing.surplusAbove(m_now));
        m_nextChange = std::max(m_sizing.nextChange(m_now), m_now + Time::duration(1));
        if (m_isRoundOpen && m_dialsOfRound == 0)
            endRound();
    }

    void beginRound()
    {
        m_sizing.onRoundBegun(m_now, m_parked);
        m_isRoundOpen = true;
        m_createdInRound = 0;
        m_nextRound = Time::max();
    }

    void endRound()
    {
        m_isRoundOpen = false;
        m_sizing.onRoundEnded(m_now, m_createdInRound);
        m_nextRound = m_now + m_sizing.interval(m_now);
    }

    void endDial()
    {
        m_sizing.onDialEnded(m_now, m_now - m_dials.front().begun);
        m_dialsOfRound -= m_dials.front().isOfRound ? 1 : 0;
        m_dials.pop_front();
        ++m_createdInRound;
        if (m_waiting.empty()) {
            ++m_parked;
            return;
        }
        const Time askedAt = m_waiting.front();
        m_waiting.pop_front();
        if (askedAt >= m_measureFrom)
            m_waits.push_back(std::chrono::duration<double>(m_now - askedAt).count());
    }

    void take()
    {
        ++m_taken;
        m_sizing.onTake(m_now);
        m_takes += isMeasured() ? 1 : 0;
        if (m_parked == 0) {
            m_waiting.push_back(m_now);
            return;
        }
        --m_parked;
        if (isMeasured()) {
            ++m_warm;
            m_waits.push_back(0);
        }
    }

    [[nodiscard]] double wait(double share)
    {
        if (m_waits.empty())
            return 0;
        const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(m_waits.size() - 1));
        std::nth_element(m_waits.begin(), m_waits.begin() + place, m_waits.end());
        return m_waits[static_cast<size_t>(place)];
    }

    Outcome outcome(Time end)
    {
        const double seconds = std::chrono::duration<double>(end - m_measureFrom).count();
        Outcome result;
        result.takes = m_takes;
        result.meanParked = seconds > 0 ? m_parkedSeconds / seconds : 0;
        result.waitP50 = wait(0.50);
        result.waitP99 = wait(0.99);
        if (m_takes > 0) {
            result.warmShare = static_cast<double>(m_warm) / static_cast<double>(m_takes);
            result.dialsPerTake = static_cast<double>(m_dialled) / static_cast<double>(m_takes);
        }
        return result;
    }

    const Trace &m_trace;
    Tidepool::Sizing &m_sizing;
    const Network m_network;
    const Time m_measureFrom;
    Time m_now = beginning;
    Time m_nextRound = Time::max();
    Time m_nextChange = Time::max();
    std::deque<Dial> m_dials; // dials end in order
    Time m_processorFree = beginning;
    std::deque<Time> m_waiting;
    int m_parked = 0;
    bool m_isRoundOpen = false;
    int m_dialsOfRound = 0;
    int m_createdInRound = 0;
    size_t m_taken = 0;

    qsizetype m_takes = 0;
    qsizetype m_warm = 0;
    qsizetype m_dialled = 0;
    double m_parkedSeconds = 0;
    std::vector<double> m_waits;
};

} // namespace

Outcome simulate(const Trace &trace, Tidepool::Sizing &sizing, const Network &network, Time end, Time measureFrom)
{
    return Simulation(trace, sizing, network, measureFrom).run(end);
}

} // namespace Sim
