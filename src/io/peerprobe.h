// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <chrono>
#include <optional>

namespace Tidepool {

/// The keepalive settings of a descriptor, as the system has them.
struct KeepAliveTimes
{
    int idle = 0; ///< TCP_KEEPIDLE, seconds.
    int interval = 0; ///< TCP_KEEPINTVL, seconds.
    int count = 0; ///< TCP_KEEPCNT.
    int userTimeout = 0; ///< TCP_USER_TIMEOUT, milliseconds.

    friend bool operator==(const KeepAliveTimes &, const KeepAliveTimes &) = default;
};

/// Checks whether a silent peer is still reachable, by TCP keepalive. The check sends no byte of the application.
struct PeerProbe
{
    /// Makes the system probe as soon as the peer has sent nothing for a second, and again every second. The time until
    /// a peer that does not answer counts as dead stays the same, and starts now. Returns the previous settings. If
    /// keepalive is off, the user has switched it off: the function then does nothing and returns std::nullopt.
    std::optional<KeepAliveTimes> (*begin)(qintptr descriptor);
    /// Restores the settings that begin() returned.
    void (*end)(qintptr descriptor, KeepAliveTimes before);
    /// The time since the peer last sent anything, including an acknowledgement, accurate to the 10 ms of the system's
    /// clock. std::nullopt if the system does not report it.
    std::optional<std::chrono::milliseconds> (*silence)(qintptr descriptor);
};

/// nullptr where the platform does not support this. The functions can be called in any thread.
[[nodiscard]] const PeerProbe *peerProbe();

} // namespace Tidepool
