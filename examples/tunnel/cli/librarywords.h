// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

namespace Tunnel {

/// Replaces the library's settings in a message of the library with the program's options: --pin instead of
/// TlsOptions::pins.
[[nodiscard]] QString inOptions(QString message);

} // namespace Tunnel
