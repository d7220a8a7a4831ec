// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

namespace Tidepool {

/// What an I/O thread needs to start: its event loop's, the watcher's, and some for files that are read meanwhile.
constexpr int descriptorsOfAnIoThread = 6;
/// What a look-up of a name needs: an event loop of Qt's for the thread that does it, and the files and the socket that
/// the system's resolver opens.
constexpr int descriptorsOfALookup = 4;

/// True if the process may open @p count more descriptors just now. Any thread.
[[nodiscard]] bool hasFreeDescriptors(int count);

} // namespace Tidepool
