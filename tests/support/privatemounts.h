// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

namespace TestSupport {

/// Gives this process a view of the file system of its own, in which cover() works. Before there is any other thread.
/// False if the system does not allow it.
[[nodiscard]] bool enterPrivateMounts();

/// After enterPrivateMounts(): the file or directory @p path shows what @p with has, in this process only.
[[nodiscard]] bool cover(const QString &path, const QString &with);

} // namespace TestSupport
