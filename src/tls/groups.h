// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

namespace Tidepool {

/// True if OpenSSL knows a key exchange group of TLS by that name.
[[nodiscard]] bool isTlsGroup(const QString &name);

} // namespace Tidepool
