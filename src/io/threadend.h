// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <functional>

namespace Tidepool {

/// Runs @p task in the calling thread before the thread ends, while the thread's objects are still usable. In the main
/// thread, @p task runs when the application object is destroyed. @p isDone returns true when the task is not needed
/// any more, and is called in the calling thread.
void atEndOfThisThread(std::function<void()> task, std::function<bool()> isDone);

} // namespace Tidepool
