// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A client and a server made in QML, with all that shows them.

import QtQuick
import QtTest
import Tidepool

TestCase {
    id: root

    name: "Quick"
    when: windowShown
    width: 400
    height: 400
    visible: true

    ServerPool {
        id: server

        tls.mode: Tidepool.TlsMode.SelfSigned
        running: true
    }

    ClientPool {
        id: client

        host: "127.0.0.1"
        port: server.serverPort
        tls.mode: Tidepool.TlsMode.SelfSigned
        minimumCapacity: 5
        maximumCapacity: 5
        timeouts.dialMs: 3000
        backoff.baseMs: 50
        backoff.capMs: 200
    }

    PoolHistory {
        id: history

        pool: client
        period: 50
        samples: 20
    }

    ConnectionModel {
        id: connections

        pool: client
        interval: 100
    }

    EventModel {
        id: events

        pool: client
        interval: 100
    }

    ListView {
        id: view

        anchors.fill: parent
        model: connections
        delegate: Text {
            required property string connectionId
            required property string peer
            required property real ageMs
            required property real idleMs
            required property string cipher
            required property string stateText
            required property bool taken

            text: `${connectionId} ${peer} ${Math.round(ageMs)} ${Math.round(idleMs)} ${cipher} ${stateText} ${taken}`
        }
    }

    Repeater {
        id: eventRows

        model: events
        delegate: Text {
            required property date time
            required property string kind
            required property string detail
            required property int count
            required property var model

            text: `${time.toLocaleTimeString()} ${kind} ${model.text} ${detail} ${count}`
        }
    }

    SignalSpy {
        id: resets

        target: connections
        signalName: "modelReset"
    }

    SignalSpy {
        id: sampled

        target: history
        signalName: "sampled"
    }

    function init() {
        client.running = true;
        tryCompare(client, "ready", true);
        tryCompare(client, "active", 5);
    }

    function cleanup() {
        client.running = false;
        events.clear();
    }

    function test_metrics() {
        compare(client.state, Tidepool.PoolState.Ready);
        tryCompare(client, "stateText", "Ready: 5 warm");
        tryCompare(server, "active", 5);
        verify(client.status.dialTime.p50 > 0);
        compare(client.status.failedTotal, 0);
    }

    function test_connections() {
        tryCompare(view, "count", 5);
        tryVerify(() => view.itemAtIndex(0) !== null); // made when the view is polished
        const row = view.itemAtIndex(0) as Text;
        verify(/^[0-9a-f]{8} 127\.0\.0\.1:\d+ \d+ \d+ TLS_\S+ parked false$/.test(row.text), row.text);
        client.running = false;
        tryCompare(view, "count", 0);
        compare(resets.count, 0);
    }

    function test_events() {
        const newest = () => (eventRows.itemAt(0) as Text).text;
        tryVerify(() => eventRows.count >= 1 && newest().includes(" state Ready"));
        server.flush();
        tryVerify(() => newest().includes("The peer closed a parked connection."));
    }

    function test_history() {
        sampled.clear();
        sampled.wait();
        tryVerify(() => history.maximum("active") === 5);
        const active = history.values("active");
        compare(active.length, history.count);
        compare(active[active.length - 1], 5);
        verify(history.sampling);
    }

    function test_outage() {
        ignoreWarning(/There is nowhere to connect to/);
        server.running = false; // and with it the port
        tryCompare(client, "state", Tidepool.PoolState.Degraded);
        tryVerify(() => client.stateText.startsWith("Degraded: "));
        verify(client.lastErrorText !== "");
        server.running = true; // on another port, which the client follows
        tryCompare(client, "state", Tidepool.PoolState.Ready);
        tryCompare(client, "lastErrorText", "");
    }
}
