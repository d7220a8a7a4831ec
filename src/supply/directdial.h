// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "dial.h"

namespace Tidepool {

/// A dial on a bare descriptor, for plain TCP without a proxy or a dialer: half of what a QSslSocket does meanwhile is
/// not needed. nullptr if @p plan needs more, or this platform has none.
[[nodiscard]] std::unique_ptr<Dial> makeDirectDial(Sink &sink, const DialPlan &plan);

} // namespace Tidepool
