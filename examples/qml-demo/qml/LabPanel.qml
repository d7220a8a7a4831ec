// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Tidepool
import TidepoolDashboard

/// Try it without a server: the number of visitors, the distance, and failures.
ColumnLayout {
    id: panel

    required property Session session
    readonly property Lab lab: session.lab
    readonly property poolStatus serverStatus: session.serverStatus
    readonly property real established: Format.metric(serverStatus, "established")
    readonly property real thrownOut: Format.metric(serverStatus, "failedTotal")

    spacing: 14

    Caption {
        Layout.fillWidth: true
        text: qsTr("Both ends run in this program, over TLS 1.3 on 127.0.0.1. Visitors take warm connections and "
                   + "download through them. Change the load, break something, and watch the pool adapt.")
    }
    LabSlider {
        objectName: "loadSlider"
        Layout.fillWidth: true
        name: qsTr("Load")
        valueText: qsTr("%1 visitors/s").arg(panel.lab.load)
        to: panel.lab.maximumLoad
        stepSize: 5
        value: panel.lab.load
        onMoved: value => panel.lab.load = value
    }
    LabSlider {
        objectName: "roundTripSlider"
        Layout.fillWidth: true
        name: qsTr("Distance")
        valueText: qsTr("%1 ms round trip").arg(panel.lab.roundTripMs)
        to: panel.lab.maximumRoundTripMs
        stepSize: 10
        value: panel.lab.roundTripMs
        onMoved: value => panel.lab.roundTripMs = value
    }
    LabSlider {
        objectName: "warmSlider"
        Layout.fillWidth: true
        name: qsTr("Keep warm")
        valueText: qsTr("%1 or more").arg(Format.count(panel.lab.minimumWarm))
        // Logarithmic steps, from 1 to 1,000.
        to: Math.log(panel.lab.maximumWarm) / Math.LN10
        value: Math.log(panel.lab.minimumWarm) / Math.LN10
        onMoved: value => panel.lab.minimumWarm = Math.round(Math.pow(10, value))
    }
    Rectangle {
        Layout.fillWidth: true
        implicitHeight: 1
        color: Theme.line
    }

    component Trouble: ColumnLayout {
        id: trouble

        required property string text
        required property string hint
        required property string explanation
        property bool dangerous: false
        property bool possible: true

        signal pressed()

        Layout.fillWidth: true
        spacing: 4

        ActionButton {
            objectName: trouble.objectName + "Button"
            Layout.fillWidth: true
            text: trouble.text
            hint: trouble.hint
            dangerous: trouble.dangerous
            enabled: trouble.possible
            onClicked: trouble.pressed()
        }
        Caption {
            Layout.fillWidth: true
            text: trouble.explanation
        }
    }

    Trouble {
        objectName: "burst"
        text: qsTr("Burst of 60 visitors")
        possible: panel.lab.running
        hint: qsTr("Sixty takes at once (B)")
        onPressed: panel.lab.burst()
        explanation: qsTr("More than are warm: some wait, capacity grows.")
    }
    Trouble {
        objectName: "outage"
        text: panel.lab.outage
                     ? qsTr("End the outage (%1 s)").arg(Math.ceil(panel.lab.outageLeftMs / 1000)) : qsTr("Outage")
        dangerous: true
        possible: panel.lab.running
        hint: qsTr("The server goes away for eight seconds (O)")
        onPressed: panel.lab.outage ? panel.lab.endOutage() : panel.lab.beginOutage()
        explanation: qsTr("The server goes for 8 s: dials are refused, the pool backs off and comes back by itself.")
    }
    Trouble {
        objectName: "hostile"
        text: panel.lab.hostile ? qsTr("Hostile clients at the door") : qsTr("Hostile clients")
        dangerous: true
        possible: panel.lab.running && !panel.lab.outage && !panel.lab.hostile
        hint: qsTr("Twenty-four clients that talk rubbish or say nothing (H)")
        onPressed: panel.lab.attack()
        explanation: qsTr("24 that talk rubbish or stay silent: the server throws them out, visitors notice nothing.")
    }
    Rectangle {
        Layout.fillWidth: true
        implicitHeight: 1
        color: Theme.line
    }
    Caption {
        text: qsTr("At the server")
        color: Theme.text
        font.weight: Font.DemiBold
    }
    GridLayout {
        Layout.fillWidth: true
        columns: 2
        columnSpacing: Theme.gap
        rowSpacing: 4

        component Metric: Text {
            Layout.alignment: Qt.AlignRight
            color: Theme.text
            font.pixelSize: Theme.small
            font.weight: Font.Medium
        }

        Caption {
            Layout.fillWidth: true
            text: qsTr("Listening")
        }
        Metric {
            objectName: "serverState"
            text: !panel.lab.running ? qsTr("no") : panel.lab.outage ? qsTr("gone") : qsTr("yes")
            color: panel.lab.outage ? Theme.bad : Theme.text
        }
        Caption { text: qsTr("Parked") }
        Metric {
            objectName: "serverParked"
            text: Format.count(panel.serverStatus.active)
        }
        Caption { text: qsTr("Accepted, handshaken and identified") }
        Metric {
            objectName: "serverEstablished"
            text: Format.count(panel.established)
        }
        Caption { text: qsTr("Thrown out") }
        Metric {
            objectName: "serverFailed"
            text: Format.count(panel.thrownOut)
            color: panel.thrownOut > 0 ? Theme.bad : Theme.text
        }
    }
    Item { Layout.fillHeight: true }
}
