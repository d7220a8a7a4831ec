// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketoptions.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace Tidepool {

namespace {
// A system that rejects an option keeps its own value. The connection works without the option.
void setOption(qintptr descriptor, int level, int name, qint64 value)
{
    const int number = static_cast<int>(std::clamp<qint64>(value, 0, 32'767'000));
    (void)::setsockopt(static_cast<int>(descriptor), level, name, &number, sizeof number);
}
} // namespace

void applyKeepAlive(qintptr descriptor, const KeepAlive &keepAlive)
{
    setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, keepAlive.enabled ? 1 : 0);
    if (!keepAlive.enabled)
        return;
#ifdef TCP_KEEPIDLE
    setOption(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, std::clamp<qint64>(keepAlive.idle.count(), 1, 32'767));
#endif
#ifdef TCP_KEEPINTVL
    setOption(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, std::clamp<qint64>(keepAlive.interval.count(), 1, 32'767));
#endif
#ifdef TCP_KEEPCNT
    setOption(descriptor, IPPROTO_TCP, TCP_KEEPCNT, std::clamp(keepAlive.count, 1, 127));
#endif
#ifdef TCP_USER_TIMEOUT
    if (keepAlive.userTimeout.count() > 0)
        setOption(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, keepAlive.userTimeout.count());
#endif
}

} // namespace Tidepool
