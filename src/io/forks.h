// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

namespace Tidepool {

/// The number of forks of this process and its ancestors since the library was first used. An object with another
/// number was made in another process: its threads do not run in this process, and its connections are shared with that
/// process.
[[nodiscard]] quint64 forkCount();

} // namespace Tidepool
