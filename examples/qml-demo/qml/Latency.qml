// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts
import Tidepool

/// How long takes wait, and how long dials take.
Card {
    id: latency

    required property poolStatus status
    readonly property real servedWarm: Format.metric(status, "servedWarm")
    readonly property real served: servedWarm + Format.metric(status, "servedAfterWait")

    title: qsTr("Latency")
    trailing: Caption {
        objectName: "servedWarm"
        text: latency.served > 0
              ? qsTr("%1 served warm").arg(Format.percent(latency.servedWarm / latency.served))
              : qsTr("no takes yet")
    }

    DistributionBars {
        objectName: "waitTimes"
        Layout.fillWidth: true
        name: qsTr("Wait for a connection")
        times: latency.status.waitTime
        colour: Theme.waiting
    }
    Item { Layout.fillHeight: true }
    DistributionBars {
        objectName: "dialTimes"
        Layout.fillWidth: true
        name: qsTr("Dial, TLS and id")
        times: latency.status.dialTime
        colour: Theme.connecting
    }
}
