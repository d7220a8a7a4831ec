// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <chrono>

namespace Bench {

/// CPU time of all threads of this process.
[[nodiscard]] std::chrono::nanoseconds processCpu();
/// Resident memory of this process, after what the allocator holds free went back to the system.
[[nodiscard]] qint64 residentBytesAfterTrim();

/// CPU time of the process @p pid and its descendants, in steps of 10 ms.
[[nodiscard]] std::chrono::milliseconds cpuOfTree(qint64 pid);
/// Resident memory of the process @p pid and its descendants.
[[nodiscard]] qint64 residentBytesOfTree(qint64 pid);

/// Raises this process's limit of open files as far as the system lets it.
void raiseDescriptorLimit();
/// Has the system make its table of this process's descriptors large enough now, so that it need not hold up anybody
/// later.
void growDescriptorTable();
/// @p wanted, or fewer if so many connections with @p descriptorsEach would exceed the limit.
[[nodiscard]] int affordableConnections(int wanted, int descriptorsEach);

} // namespace Bench
