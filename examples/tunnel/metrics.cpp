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
    families.add(pool + "leased", "Taken connections still held.", status.leased);
    families.add(pool + "error_count", "Errors reported by the application.", status.errorCount);
    families.add(pool + "generation", "How often the pool was flushed.", static_cast<double>(status.generation));
    families.add(pool + "next_attempt_seconds", "Until the next dial after a failure; -1 without a backoff.",
                 status.nextAttempt.count() < 0 ? -1 : std::chrono::duration<double>(status.nextAttempt).count());
    families.add(pool + "last_error", "1 while the last attempt to make a connection failed.",
                 status.lastError.isEmpty() ? 0 : 1);
    families.addEnum(pool + "state", "1 for the state the pool is in.", "state", status.state);

    families.count(pool + "established_total", "Connections made to the end.", status.established);
    families.count(pool + "dropped_total", "Connections made but not parked.", status.dropped);
    families.count(pool + "parked_total", "Connections made available.", status.parked);
    families.count(pool + "taken_total", "Connections handed out.", status.taken);
    families.count(pool + "given_back_total", "Connections given back.", status.givenBack);
    families.count(pool + "overflowed_total", "Connections refused because the pool was full.", status.overflowed);
    families.count(pool + "refused_total", "Connections refused by address.", status.refused);
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

void addTunnel(MetricFamilies &families, const TunnelFigures &figures)
{
    const QByteArray tunnel = QByteArrayLiteral("tidepool_tunnel_");
    families.add(tunnel + "connected", "1 while both ends are connected and proven.", figures.connected ? 1 : 0);
    families.add(tunnel + "waiting", "Visitors not served yet.", figures.waiting);
    families.add(tunnel + "ready", "Parked connections that both ends agree on.", figures.ready);
    families.add(tunnel + "strangers", "Parked connections of nobody known.", figures.strangers);
    families.count(tunnel + "sessions_total", "Control channels that came up.", figures.sessions);
    families.count(tunnel + "visitors_total", "Visitors that arrived.", figures.visitors);
    families.count(tunnel + "visitors_served_total", "Visitors joined with a connection, or with the target.",
                   figures.visitorsServed);
    families.count(tunnel + "served_warm_total", "Visitors for whom a connection stood ready.", figures.servedWarm);
    families.count(tunnel + "visitors_failed_total", "Visitors that were not served.", figures.visitorsFailed);
    families.count(tunnel + "visitors_left_total", "Visitors that left before they were served.", figures.visitorsLeft);
    families.count(tunnel + "refusals_total", "Connections that the client did not know.", figures.refusals);
    families.count(tunnel + "turned_away_total", "Attempts to be the client without the secret.", figures.turnedAway);
    families.distribution(
        tunnel + "visitor_wait_seconds",
        "Server: from a visitor's arrival to the client's confirmation. Client: for reaching the target.",
        figures.visitorWait.get());
}

void addRelays(MetricFamilies &families, const RelayBook::Totals &totals)
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
    addTunnel(families, sources.figures);
    addRelays(families, sources.relays.totals());
    return prometheus::TextSerializer().Serialize(families.take());
}

} // namespace Tunnel
