// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "metrics.h"

#include "metricfamilies.h"

#include <prometheus/text_serializer.h>

namespace Tunnel {

namespace {

void addPool(MetricFamilies &families, const Tidepool::PoolStatus &status)
{
    const QByteArray pool = QByteArrayLiteral("tidepool_pool_");
    families.add(pool + "active", "Connections parked and ready.", status.active);
    families.add(pool + "checking", "Connections being validated or processed.", status.checking);
    families.add(pool + "ended", "Connections closed by their peer behind unread bytes, kept for a take by id.",
                 status.ended);
    families.add(pool + "control", "1 if the control connection, with the id 00000000, is parked.", status.control);
    families.add(pool + "capacity", "Parked connections aimed at (client) or admitted (server).", status.capacity);
    families.add(pool + "interval_seconds", "Time between two rounds.",
                 std::chrono::duration<double>(status.interval).count());
    families.add(pool + "connecting", "Dials that resolve or connect TCP.", status.connecting);
    families.add(pool + "handshaking", "Connections in the TLS handshake or waiting for the id.", status.handshaking);
    families.add(pool + "waiting", "Takes not served yet.", status.waiting);
    families.add(pool + "suspects", "Parked connections whose other end may be gone.", status.suspects);
    families.add(pool + "leased", "Taken connections still held.", status.leased);
    families.add(pool + "error_count", "Errors reported by the application.", status.errorCount);
    families.add(pool + "generation", "How often the pool was flushed.", static_cast<double>(status.generation));
    families.add(pool + "next_attempt_seconds", "Until the next dial after a failure; -1 without a backoff.",
                 status.nextAttempt.count() < 0 ? -1 : std::chrono::duration<double>(status.nextAttempt).count());
    families.add(pool + "waking", "1 while the machine has slept a moment ago.", status.waking ? 1 : 0);
    families.add(pool + "offline", "1 while there is no network, and nothing is dialled.", status.offline ? 1 : 0);
    families.add(pool + "idle_lifetime_seconds",
                 "After how long without use connections are closed by the other end; 0 if that is not known.",
                 std::chrono::duration<double>(status.idleLifetime).count());
    families.add(pool + "failed_in_a_row", "Attempts that have failed since the last success.", status.failedInARow);
    families.addEnum(pool + "diagnosis", "1 for what keeps the pool from the server.", "diagnosis", status.diagnosis);
    families.add(pool + "sizing_needed", "The most takes within one dial time lately: why the capacity is what it is.",
                 status.sizing.needed);
    families.add(pool + "sizing_burst", "The most takes within one dial time in the last bursts.",
                 status.sizing.burstSize);
    families.add(pool + "sizing_next_burst_seconds", "Until the next burst is expected; -1 if nothing is known of one.",
                 status.sizing.nextBurst.count() < 0 ? -1
                                                     : std::chrono::duration<double>(status.sizing.nextBurst).count());
    families.add(pool + "sizing_announced", "Takes that are announced and not made yet.", status.sizing.announced);
    families.add(pool + "last_error", "1 while the last attempt to make a connection failed.",
                 status.lastError.isEmpty() ? 0 : 1);
    families.addEnum(pool + "state", "1 for the state the pool is in.", "state", status.state);

    families.count(pool + "established_total", "Connections made to the end.", status.established);
    families.count(pool + "dropped_total", "Connections made but not parked.", status.dropped);
    families.count(pool + "parked_total", "Connections made available.", status.parkedTotal);
    families.count(pool + "taken_total", "Connections handed out.", status.takenTotal);
    families.count(pool + "given_back_total", "Connections given back.", status.givenBack);
    families.count(pool + "overflowed_total", "Connections refused because the pool was full.", status.overflowed);
    families.count(pool + "refused_total", "Connections refused by address.", status.refused);
    families.count(pool + "sleeps_total", "New generations because the machine had slept.", status.sleeps);
    families.count(pool + "network_changes_total", "New generations because of another network.",
                   status.networkChanges);
    families.countEach<Tidepool::Phase>(pool + "failed_total", "Attempts that failed.", "phase", status.failed);
    families.countEach<Tidepool::EvictionCause>(pool + "evicted_total", "Parked connections that left untaken.",
                                                "cause", status.evicted);
    families.count(pool + "takes_asked_total", "Takes.", status.takesAsked);
    families.count(pool + "served_warm_total", "Takes served at once.", status.servedWarm);
    families.count(pool + "served_after_wait_total", "Takes served after a wait.", status.servedAfterWait);
    families.count(pool + "takes_failed_total", "Takes that failed.", status.takesFailed);
    families.count(pool + "takes_cancelled_total", "Takes that were cancelled.", status.takesCancelled);

    families.distribution(pool + "dial_time_seconds", "From the start of a dial, or the accept, to parked.",
                          status.dialTime);
    families.distribution(pool + "wait_time_seconds", "From a take to served.", status.waitTime);
}

void addTunnel(MetricFamilies &families, const TunnelMetrics &metrics)
{
    const QByteArray tunnel = QByteArrayLiteral("tidepool_tunnel_");
    families.add(tunnel + "connected", "1 while both ends are connected and proven.", metrics.connected ? 1 : 0);
    families.add(tunnel + "waiting", "Visitors not served yet.", metrics.waiting);
    families.add(tunnel + "ready", "Parked connections that both ends agree on.", metrics.ready);
    families.add(tunnel + "unauthenticated", "Parked connections of nobody known.", metrics.unauthenticated);
    families.count(tunnel + "sessions_total", "Control channels that came up.", metrics.sessions);
    families.count(tunnel + "visitors_total", "Visitors that arrived.", metrics.visitors);
    families.count(tunnel + "visitors_served_total", "Visitors joined with a connection, or with the target.",
                   metrics.visitorsServed);
    families.count(tunnel + "served_warm_total", "Visitors for whom a connection stood ready.", metrics.servedWarm);
    families.count(tunnel + "visitors_failed_total", "Visitors that were not served.", metrics.visitorsFailed);
    families.count(tunnel + "visitors_left_total", "Visitors that left before they were served.", metrics.visitorsLeft);
    families.count(tunnel + "refusals_total", "Connections that the client did not know.", metrics.refusals);
    families.count(tunnel + "turned_away_total", "Attempts to be the client without the secret.", metrics.turnedAway);
    families.distribution(
        tunnel + "visitor_wait_seconds",
        "Server: from a visitor's arrival to the client's confirmation. Client: for reaching the target.",
        metrics.visitorWait.get());
}

void addRelays(MetricFamilies &families, const RelayRegistry::Totals &totals)
{
    const QByteArray relays = QByteArrayLiteral("tidepool_relays_");
    families.add(relays + "active", "Relays under way.", totals.active);
    families.count(relays + "started_total", "Relays started.", totals.started);
    families.count(relays + "failed_total", "Relays that ended by an error or the idle timeout.", totals.failed);
    families.count(relays + "bytes_total", "Bytes carried.", totals.intoTunnel, "direction", "into_tunnel");
    families.count(relays + "bytes_total", "Bytes carried.", totals.fromTunnel, "direction", "from_tunnel");
}

} // namespace

std::string metricsText(const MetricsSources &sources)
{
    MetricFamilies families("end", sources.end);
    addPool(families, sources.pool.status());
    addTunnel(families, sources.metrics);
    addRelays(families, sources.relays.totals());
    return prometheus::TextSerializer().Serialize(families.take());
}

} // namespace Tunnel
