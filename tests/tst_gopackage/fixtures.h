// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/poolhelpers.h"
#include "support/testpeer.h"

#include <tidepool/tidepool.h>

namespace TestSupport {

/// How many connections most of these tests keep.
inline constexpr int capacity = 4;

/// A server pool and a client pool that are connected with each other.
struct Ends
{
    explicit Ends(const Tidepool::TlsOptions &serverTls = {}, const Tidepool::TlsOptions &clientTls = {})
    {
        server.setTls(serverTls);
        client.setTls(clientTls);
        if (server.listen(QHostAddress::LocalHost))
            dial();
    }

    void dial()
    {
        client.setHost(QStringLiteral("127.0.0.1"));
        client.setPort(server.serverPort());
        client.setMinimumCapacity(capacity);
        client.setMaximumCapacity(capacity);
        makeImpatient(client);
        client.start();
    }

    Tidepool::ServerPool server;
    Tidepool::ClientPool client;
};

/// A client pool of a port at which nobody listens, so that every attempt fails.
struct Nowhere
{
    Nowhere()
    {
        peer.stopListening();
        configure(client, peer);
        makeImpatient(client);
        client.start();
    }

    TestPeer peer;
    Tidepool::ClientPool client;
};

/// A client pool with rounds as the Go package has them: 100 ms apart at first, 500 ms at most, 5 to 20 connections.
struct Rounds
{
    Rounds()
    {
        configure(client, peer);
        client.setMinimumCapacity(5);
        client.setMaximumCapacity(20);
        client.setMinimumInterval(std::chrono::milliseconds(100));
        client.setMaximumInterval(std::chrono::milliseconds(500));
        client.setRefill(Tidepool::Refill::AtRound);
        client.setSizingPolicy(Tidepool::SizingPolicy::Classic);
        client.start();
    }

    /// Takes all that is parked.
    void empty()
    {
        while (const Tidepool::TakeResult result = client.tryTake())
            taken.append(result.connection());
    }

    TestPeer peer;
    QList<Tidepool::Connection> taken;
    Tidepool::ClientPool client;
};

} // namespace TestSupport
