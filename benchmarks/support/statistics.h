// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <vector>

namespace Bench {

/// The value that the part @p share (0 to 1) of @p values does not exceed; 0 without values.
[[nodiscard]] double percentile(std::vector<double> values, double share);

/// The middle one, or the mean of the two in the middle; 0 without values.
[[nodiscard]] double median(std::vector<double> values);

} // namespace Bench
