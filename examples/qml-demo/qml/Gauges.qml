// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts
import Tidepool
import TidepoolDashboard

/// The five metrics of the pool, shown separately, and the throughput.
GridLayout {
    id: gauges

    /// The pool's current metrics.
    required property poolStatus status
    required property PoolHistory history
    required property Throughput throughput

    columns: width >= 800 ? 6 : width >= 500 ? 3 : 2
    columnSpacing: Theme.gap
    rowSpacing: Theme.gap

    Connections {
        target: gauges.history
        // Not in the same frame in which the chart is painted.
        function onSampled() { later.restart() }
    }
    Timer {
        id: later
        interval: 120
        onTriggered: {
            warm.values = gauges.history.values("active")
            capacity.values = gauges.history.values("capacity")
            waiting.values = gauges.history.values("waiting")
            leased.values = gauges.history.values("leased")
            const dials = gauges.history.values("connecting")
            const shakes = gauges.history.values("handshaking")
            connecting.values = dials.map((value, index) => value + shakes[index])
        }
    }
    Gauge {
        id: warm
        objectName: "gaugeWarm"
        Layout.fillWidth: true
        name: qsTr("Warm")
        value: gauges.status.active
        meaning: qsTr("ready to take")
        colour: Theme.warm
    }
    Gauge {
        id: capacity
        objectName: "gaugeCapacity"
        Layout.fillWidth: true
        name: qsTr("Capacity")
        value: gauges.status.capacity
        meaning: qsTr("wanted warm")
        colour: Theme.capacity
    }
    Gauge {
        id: connecting
        objectName: "gaugeConnecting"
        Layout.fillWidth: true
        name: qsTr("Connecting")
        value: gauges.status.connecting + gauges.status.handshaking
        meaning: qsTr("dialling, in TLS")
        colour: Theme.connecting
    }
    Gauge {
        id: waiting
        objectName: "gaugeWaiting"
        Layout.fillWidth: true
        name: qsTr("Waiting")
        value: gauges.status.waiting
        meaning: qsTr("not served yet")
        colour: Theme.waiting
    }
    Gauge {
        id: leased
        objectName: "gaugeLeased"
        Layout.fillWidth: true
        name: qsTr("Leased")
        value: gauges.status.leased
        meaning: qsTr("in use now")
        colour: Theme.leased
    }
    Gauge {
        objectName: "gaugeThroughput"
        Layout.fillWidth: true
        Layout.minimumWidth: gauges.columns === 6 ? 186 : 120
        name: qsTr("Throughput")
        value: gauges.throughput.downRate
        valueText: qsTr("%1/s").arg(gauges.throughput.bytesText(value))
        meaning: qsTr("%1 carried").arg(gauges.throughput.bytesText(gauges.throughput.downTotal
                                                                    + gauges.throughput.upTotal))
        colour: Theme.accent
        values: gauges.throughput.downRates
        least: 1000
    }
}
