// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

namespace Tidepool {

/// How often this process and its ancestors were forked since the library was first used. What was made at another
/// count belongs to another process: its threads do not run here, and its connections are shared with that process.
[[nodiscard]] quint64 forkCount();

} // namespace Tidepool
