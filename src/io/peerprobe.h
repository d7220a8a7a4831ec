// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <chrono>
#include <optional>

namespace Tidepool {

/// How keepalive is set on a descriptor: as the system has it.
struct KeepAliveTimes
{
    int idle = 0; ///< TCP_KEEPIDLE, seconds.
    int interval = 0; ///< TCP_KEEPINTVL, seconds.
    int count = 0; ///< TCP_KEEPCNT.
    int userTimeout = 0; ///< TCP_USER_TIMEOUT, milliseconds.

    friend bool operator==(const KeepAliveTimes &, const KeepAliveTimes &) = default;
};

/// Asks whether a silent peer is still there, by TCP keepalive: without a byte of the application's.
struct PeerProbe
{
    /// Makes the system ask as soon as nothing has come for a second, and again every second. A peer that does not
    /// answer counts as dead after as long as before, from now on. Returns what was set before; nothing, and without
    /// effect, if keepalive is off: somebody wants it so.
    std::optional<KeepAliveTimes> (*begin)(qintptr descriptor);
    /// Sets what begin() has returned.
    void (*end)(qintptr descriptor, KeepAliveTimes before);
    /// How long ago the peer has sent anything, an acknowledgement included, to within the 10 ms of the system's
    /// clock. Nothing if the system does not say.
    std::optional<std::chrono::milliseconds> (*silence)(qintptr descriptor);
};

/// nullptr where the platform cannot tell. Its functions may be called in any thread.
[[nodiscard]] const PeerProbe *peerProbe();

} // namespace Tidepool
