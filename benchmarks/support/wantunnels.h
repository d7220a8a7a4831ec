// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "child.h"
#include "wanlink.h"

#include <functional>
#include <memory>
#include <vector>

namespace Bench {

/// A way from a visitor at the link's far end to a target at its near end.
struct WanRoute
{
    QString host; ///< Where the visitor connects to.
    quint16 port = 0;
    std::vector<std::unique_ptr<Child>> programs; ///< The server's end first.
};

struct WanTunnel
{
    QString name;
    QString missing; ///< Why it cannot be used, in a word or two; empty if it can.
    /// Starts what carries to the port target.
    std::function<WanRoute(const WanLink &link, quint16 target)> build;
};

/// `tidepool server` at the far end and `tidepool client` at the near one, with TLS between them.
[[nodiscard]] WanTunnel tidepoolTunnel();
/// `ssh -R` from the near end to a sshd at the far one.
[[nodiscard]] WanTunnel sshTunnel();
/// The visitor connects to the target himself.
[[nodiscard]] WanTunnel noTunnel();

} // namespace Bench
