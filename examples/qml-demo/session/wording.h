// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolstatus.h>

#include <QtCore/QString>

/// Describes a pool's state for people. Pure: plain values in, sentences out.
namespace Dashboard::Wording {

/// What the user can expect, or what to do. @p lastError is a sentence. For a repeated failure, the result also
/// explains the failure.
[[nodiscard]] QString advice(const Tidepool::PoolStatus &status, const QString &lastError);

/// The headline of a tunnel that waits for its last visitors to leave, and what to expect.
[[nodiscard]] QString draining(int openConnections);
[[nodiscard]] QString drainingAdvice();
/// @p reason is the system's text: "Connection refused".
[[nodiscard]] QString unreachableTarget(const QString &target, const QString &reason);

} // namespace Dashboard::Wording
