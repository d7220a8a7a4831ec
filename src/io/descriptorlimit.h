// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

namespace Tidepool {

/// The number of descriptors that an I/O thread needs to start: for its event loop, for the watcher, and for files that
/// are read in the meantime.
constexpr int descriptorsOfAnIoThread = 6;
/// The number of descriptors that a name look-up needs: for the event loop of Qt's look-up thread, and for the files
/// and the socket that the system's resolver opens.
constexpr int descriptorsOfALookup = 4;

/// True if the process can open @p count more descriptors at the moment. Any thread.
[[nodiscard]] bool hasFreeDescriptors(int count);

} // namespace Tidepool
