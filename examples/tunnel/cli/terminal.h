// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <cstdio>

/// What only the operating system knows about a terminal: the one seam for it.
namespace Tunnel::Terminal {

[[nodiscard]] bool isTerminal(FILE *stream);
/// Makes the locale's characters UTF-8, which Qt wants them to be. First of all in main().
void useUtf8();
/// Whether they were before useUtf8(): the terminal shows them.
[[nodiscard]] bool isUtf8();
/// Columns; 80 if nobody knows.
[[nodiscard]] int width();

} // namespace Tunnel::Terminal
