// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// What a ClientPool makes of a machine that has slept, and of a network that goes, comes or changes.
///
/// In each case what is parked is probably dead without knowing it, and the pool begins a new generation: see
/// docs/recovery.md for what is noticed, how, and on which systems.
class TIDEPOOL_EXPORT Recovery
{
    Q_GADGET

public:
    /// The machine has slept for 2 s or longer: a new generation. Default: on.
    bool noticesSleep = true;
    /// There is no network: no dials, and no errors, until there is one. The address from which the server is reached
    /// has changed: a new generation. Default: on.
    bool followsNetwork = true;
    /// For so long after either, dials that fail are neither counted nor logged; fatal errors are. Default: 5 s. Range:
    /// 0 to 60 s.
    std::chrono::milliseconds quietTime{5'000};

    /// These values, each within its range; a pool uses and returns them so.
    [[nodiscard]] Recovery corrected() const;

    friend bool operator==(const Recovery &, const Recovery &) = default;
};

} // namespace Tidepool
