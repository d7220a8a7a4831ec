// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketoptions.h"

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <sys/socket.h>
#endif

namespace Tidepool {

// All platforms support only on and off.
void applyKeepAlive(qintptr descriptor, const KeepAlive &keepAlive)
{
    const int on = keepAlive.enabled ? 1 : 0;
#ifdef Q_OS_WIN
    (void)::setsockopt(static_cast<SOCKET>(descriptor), SOL_SOCKET, SO_KEEPALIVE, reinterpret_cast<const char *>(&on),
                       sizeof on);
#else
    (void)::setsockopt(static_cast<int>(descriptor), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#endif
}

} // namespace Tidepool
