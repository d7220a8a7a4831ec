// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

namespace Tunnel {

/// False, with a line on stderr, if this process may not open the few files that the program needs to run at all. Qt
/// ends a program that finds no descriptor for its event loop, so look before there is one.
[[nodiscard]] bool canOpenEnoughFiles();

} // namespace Tunnel
