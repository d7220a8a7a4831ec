// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

namespace Tunnel {

/// Returns false, and writes a line to stderr, if this process cannot open the few files that the program needs to run.
/// Qt ends a program that has no descriptor for its event loop, so call this before an event loop exists.
[[nodiscard]] bool canOpenEnoughFiles();

} // namespace Tunnel
