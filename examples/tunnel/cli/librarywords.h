// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

namespace Tunnel {

/// A message of the library with the program's options in the place of the library's settings: --pin, and not
/// TlsOptions::pins.
[[nodiscard]] QString inOptions(QString message);

} // namespace Tunnel
