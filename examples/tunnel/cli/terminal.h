// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <cstdio>

/// The information about a terminal that only the operating system has. All platform differences are behind this
/// interface.
namespace Tunnel::Terminal {

[[nodiscard]] bool isTerminal(FILE *stream);
/// Sets the locale's character set to UTF-8, which Qt requires. Call this first in main().
void useUtf8();
/// True if the character set was UTF-8 before useUtf8(). The terminal then shows such characters.
[[nodiscard]] bool isUtf8();
/// The number of columns, or 80 if it is not known.
[[nodiscard]] int width();

} // namespace Tunnel::Terminal
