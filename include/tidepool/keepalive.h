// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// TCP keepalive, for finding peers that vanished without a word.
///
/// With the defaults a vanished peer is noticed after 15 s + 3 x 5 s = 30 s; Linux's own default is two hours.
/// Where the platform lacks one of the settings, that one is left as the system has it.
class TIDEPOOL_EXPORT KeepAlive
{
    Q_GADGET

public:
    /// Default: on.
    bool enabled = true;
    /// Silence before the first probe. Default: 15 s. Range: 1 to 32,767 s, which is what Linux takes.
    std::chrono::seconds idle{15};
    /// Time between probes. Default: 5 s. Range: 1 to 32,767 s.
    std::chrono::seconds interval{5};
    /// Unanswered probes until the connection counts as dead. Default: 3. Range: 1 to 127.
    int count = 3;
    /// How long sent data may stay unacknowledged (Linux: TCP_USER_TIMEOUT). Default: 30 s. 0: the system's. Range: 0
    /// to 24 days. Above 0 it is also what Linux goes by, instead of count, for a silent connection: shorten both
    /// together.
    std::chrono::milliseconds userTimeout{30'000};

    /// These values, each within its range; a pool uses and returns them so.
    [[nodiscard]] KeepAlive corrected() const;

    friend bool operator==(const KeepAlive &, const KeepAlive &) = default;
};

} // namespace Tidepool
