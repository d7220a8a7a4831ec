// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/keepalive.h>

#include <QtCore/qglobal.h>

namespace Tidepool {

/// The read buffer of a socket that the pool reads from, before and after it is parked: what its peer can make us hold.
inline constexpr qint64 pooledReadBuffer = 65'536;

/// Sets keepalive on a TCP descriptor, as far as the platform has it.
void applyKeepAlive(qintptr descriptor, const KeepAlive &keepAlive);

} // namespace Tidepool
