// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/poolhelpers.h"

namespace TestSupport {

/// A client pool that keeps four TLS connections to a peer that echoes.
struct WarmPool
{
    WarmPool() : peer(PeerScript::echoing(true))
    {
        configure(pool, peer, capacity);
        pool.setTls(tlsMode(Tidepool::TlsMode::SelfSigned));
        pool.start();
    }
    [[nodiscard]] bool isWarm()
    {
        return QTest::qWaitFor([&] { return pool.active() == capacity; });
    }

    static constexpr int capacity = 4;
    TestPeer peer;
    Tidepool::ClientPool pool;
};

} // namespace TestSupport
