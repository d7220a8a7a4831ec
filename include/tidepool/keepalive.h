// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// TCP keepalive, which detects peers that vanish without closing the connection.
///
/// With the defaults, a vanished peer is detected after 15 s + 3 x 5 s = 30 s. Linux's own default is two hours. If the
/// platform does not support one of the settings, the system's value of that setting stays.
class TIDEPOOL_EXPORT KeepAlive
{
    Q_GADGET

public:
    /// Default: on.
    bool enabled = true;
    /// The idle time before the first probe. Default: 15 s. Range: 1 to 32,767 s, which is the range of Linux.
    std::chrono::seconds idle{15};
    /// Time between probes. Default: 5 s. Range: 1 to 32,767 s.
    std::chrono::seconds interval{5};
    /// The number of unanswered probes after which the connection counts as dead. Default: 3. Range: 1 to 127.
    int count = 3;
    /// How long sent data may stay unacknowledged (Linux: TCP_USER_TIMEOUT). Default: 30 s. 0: the system's value.
    /// Range: 0 to 24 days. If the value is above 0, Linux also uses it instead of count for an idle connection. To
    /// detect a dead peer sooner, shorten both.
    std::chrono::milliseconds userTimeout{30'000};

    /// A copy with each value corrected to its range. A pool uses and returns the corrected values.
    [[nodiscard]] KeepAlive corrected() const;

    friend bool operator==(const KeepAlive &, const KeepAlive &) = default;
};

} // namespace Tidepool
