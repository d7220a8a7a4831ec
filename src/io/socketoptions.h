// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/keepalive.h>

#include <QtCore/qglobal.h>

namespace Tidepool {

/// The read buffer of a socket that the pool reads from, before and after it is parked: what its peer can make us hold.
inline constexpr qint64 pooledReadBuffer = 65'536;
/// What the peers of one pool's parked connections can make us hold together. Beyond it, each may add lessReadBuffer.
inline constexpr qint64 pooledReadBuffers = 8'388'608;
inline constexpr qint64 lessReadBuffer = 4'096;

/// Sets keepalive on a TCP descriptor, as far as the platform has it.
void applyKeepAlive(qintptr descriptor, const KeepAlive &keepAlive);

} // namespace Tidepool
