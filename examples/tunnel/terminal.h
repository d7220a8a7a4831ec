// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <cstdio>

/// What only the operating system knows about a terminal: the one seam for it.
namespace Tunnel::Terminal {

[[nodiscard]] bool isTerminal(FILE *stream);
/// Whether the locale's characters are UTF-8.
[[nodiscard]] bool isUtf8();
/// Columns; 80 if nobody knows.
[[nodiscard]] int width();

} // namespace Tunnel::Terminal
