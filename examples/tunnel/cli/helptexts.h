// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

namespace Tunnel {

/// `tidepool --help`
[[nodiscard]] QString programHelp();
/// `tidepool <command> --help`
[[nodiscard]] QString commandHelp(const QString &command);
/// `tidepool --version`
[[nodiscard]] QString versionText();

} // namespace Tunnel
