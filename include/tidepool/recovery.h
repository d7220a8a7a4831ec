// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// How a ClientPool reacts when the machine has slept, or when its network is lost, returns or changes.
///
/// In each case the parked connections are probably dead, although no error is visible yet. The pool starts a new
/// generation. docs/recovery.md describes what the pool detects, how, and on which systems.
class TIDEPOOL_EXPORT Recovery
{
    Q_GADGET

public:
    /// If the machine has slept for 2 s or longer, start a new generation. Default: on.
    bool noticesSleep = true;
    /// While there is no network, the pool does not dial and reports no errors. If the local address for the route to
    /// the server changes, the pool starts a new generation. Default: on.
    bool followsNetwork = true;
    /// For this time after a sleep or a network change, failed dials are neither counted nor logged. Fatal errors still
    /// are. Default: 5 s. Range: 0 to 60 s.
    std::chrono::milliseconds quietTime{5'000};

    /// A copy with each value corrected to its range. A pool uses and returns the corrected values.
    [[nodiscard]] Recovery corrected() const;

    friend bool operator==(const Recovery &, const Recovery &) = default;
};

} // namespace Tidepool
