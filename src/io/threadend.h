// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <functional>

namespace Tidepool {

/// Has @p task done in the calling thread before that ends, while its objects can still be used; for the main thread,
/// when the application object goes. @p isDone: it is needed no more. Called in the calling thread.
void atEndOfThisThread(std::function<void()> task, std::function<bool()> isDone);

} // namespace Tidepool
