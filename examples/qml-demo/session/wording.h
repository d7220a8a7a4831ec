// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolstatus.h>

#include <QtCore/QString>

/// What a pool's state means to people. Pure: plain values in, sentences out.
namespace Dashboard::Wording {

/// "Ready: 24 warm", "Degraded: connection refused, next try in 3.2 s". @p kind is the last error's.
[[nodiscard]] QString headline(const Tidepool::PoolStatus &status, Tidepool::ErrorKind kind);
/// What the user can expect, or what to do. @p trouble is the last error as a sentence.
[[nodiscard]] QString advice(const Tidepool::PoolStatus &status, const QString &trouble);
/// "connection refused"
[[nodiscard]] QString kindName(Tidepool::ErrorKind kind);

} // namespace Dashboard::Wording
