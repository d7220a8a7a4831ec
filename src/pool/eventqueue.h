// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/enums.h>
#include <tidepool/poolerror.h>

#include <utility>
#include <vector>

namespace Tidepool {

/// An event for which the facade emits a signal.
struct PoolEvent
{
    enum class Kind : quint8 { Parked, Taken, Evicted, Readable, HeldLong, Failed };
    Kind kind = Kind::Parked;
    ConnectionId id;
    EvictionCause cause = EvictionCause::PeerClosed;
    PoolError error;
};

/// The events since the facade last asked, only of the kinds with a connected slot.
class EventQueue
{
public:
    /// If the facade's thread hangs, the memory must stay limited. Further events are lost.
    static constexpr size_t maximumSize = 65'536;

    void want(PoolEvent::Kind kind) { m_wanted |= bit(kind); }
    void add(PoolEvent::Kind kind, ConnectionId id, EvictionCause cause = {}, const PoolError &error = {})
    {
        if ((m_wanted & bit(kind)) != 0 && m_events.size() < maximumSize)
            m_events.push_back({kind, id, cause, error});
    }
    [[nodiscard]] bool isEmpty() const { return m_events.empty(); }
    [[nodiscard]] std::vector<PoolEvent> takeAll() { return std::exchange(m_events, {}); }

private:
    static constexpr unsigned bit(PoolEvent::Kind kind) { return 1U << static_cast<unsigned>(kind); }

    unsigned m_wanted = 0;
    std::vector<PoolEvent> m_events;
};

} // namespace Tidepool
