// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/keepalive.h>

#include <QtCore/qglobal.h>

namespace Tidepool {

/// The read buffer of a socket from which the pool reads, before and after the socket is parked. The peer can fill this
/// much of our memory.
inline constexpr qint64 pooledReadBuffer = 65'536;
/// The total that the peers of one pool's parked connections can buffer in our memory. Above this total, each peer can
/// add only lessReadBuffer.
inline constexpr qint64 pooledReadBuffers = 8'388'608;
inline constexpr qint64 lessReadBuffer = 4'096;

/// Sets keepalive on a TCP descriptor, as far as the platform supports it.
void applyKeepAlive(qintptr descriptor, const KeepAlive &keepAlive);

} // namespace Tidepool
