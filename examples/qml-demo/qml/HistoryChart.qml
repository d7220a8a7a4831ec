// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Tidepool
import TidepoolDashboard

/// The pool's last minute: capacity as steps, warm connections as a surface, the others as lines.
Card {
    id: chart

    required property PoolHistory history
    /// The number of seconds from the left edge to now.
    readonly property real span: history.samples * history.period / 1000
    /// The highest value on the axis.
    property real peak: 10
    property list<real> ages

    title: qsTr("Last minute")
    trailing: Flow {
        spacing: 14

        Repeater {
            model: [
                { name: qsTr("warm"), colour: Theme.warm },
                { name: qsTr("capacity"), colour: Theme.capacity },
                { name: qsTr("connecting"), colour: Theme.connecting },
                { name: qsTr("waiting"), colour: Theme.waiting },
                { name: qsTr("leased"), colour: Theme.leased }
            ]

            Row {
                id: legend

                required property var modelData

                spacing: 5
                visible: chart.width > 460

                Rectangle {
                    anchors.verticalCenter: parent.verticalCenter
                    width: 10
                    height: 3
                    radius: 1
                    color: legend.modelData.colour
                }
                Caption {
                    text: legend.modelData.name
                    wrapMode: Text.NoWrap
                }
            }
        }
    }

    /// Four times a round number, because the axis has four sections.
    function nicePeak(value: real): real {
        const section = Math.max(value * 1.04 / 4, 2)
        const magnitude = Math.pow(10, Math.floor(Math.log(section) / Math.LN10 + 1e-9))
        for (const factor of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8])
            if (magnitude * factor >= section && Number.isInteger(magnitude * factor))
                return 4 * magnitude * factor
        return 40 * magnitude
    }

    function refresh() {
        const dials = history.values("connecting")
        const shakes = history.values("handshaking")
        const underWay = dials.map((value, index) => value + shakes[index])
        peak = nicePeak(Math.max(history.maximum("capacity"), history.maximum("active"), history.maximum("waiting"),
                                 history.maximum("leased"), 0, ...underWay))
        ages = history.values("secondsAgo")
        capacity.values = history.values("capacity")
        connecting.values = underWay
        leased.values = history.values("leased")
        waiting.values = history.values("waiting")
        warm.values = history.values("active")
    }

    Connections {
        target: chart.history
        function onSampled() { chart.refresh() }
    }

    Item {
        id: area

        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.minimumHeight: 180
        Layout.preferredHeight: 220
        Accessible.role: Accessible.Chart
        Accessible.name: qsTr("Warm, capacity, connecting, waiting and taken connections over the last minute")

        readonly property real plotLeft: 34
        readonly property real plotBottom: height - 20

        Repeater {
            model: 5

            Item {
                id: mark

                required property int index

                y: Math.round(area.plotBottom - (area.plotBottom - 6) * index / 4)
                width: area.width

                Rectangle {
                    x: area.plotLeft
                    width: area.width - x
                    height: 1
                    color: Theme.line
                }
                Caption {
                    width: area.plotLeft - 8
                    anchors.verticalCenter: parent.verticalCenter
                    horizontalAlignment: Text.AlignRight
                    font.pixelSize: 11
                    text: Format.count(chart.peak * mark.index / 4)
                }
            }
        }
        Repeater {
            id: times

            readonly property int marks: area.width > 460 ? 4 : 2

            model: marks + 1

            Caption {
                required property int index
                readonly property int ago: Math.round(chart.span * (1 - index / times.marks))

                x: area.plotLeft + (area.width - area.plotLeft - width) * index / times.marks
                y: area.plotBottom + 4
                font.pixelSize: 11
                wrapMode: Text.NoWrap
                text: ago === 0 ? qsTr("now") : qsTr("%1 s ago").arg(ago)
            }
        }

        component Line: Curve {
            x: area.plotLeft
            y: 6
            width: area.width - x
            height: area.plotBottom - y + 1
            span: chart.span
            peak: chart.peak
            ages: chart.ages
        }

        Line {
            id: capacity
            colour: Theme.capacity
            steps: true
        }
        Line {
            id: connecting
            colour: Theme.connecting
        }
        Line {
            id: leased
            colour: Theme.leased
        }
        Line {
            id: waiting
            colour: Theme.waiting
            lineWidth: 2
        }
        Line {
            id: warm
            objectName: "warmCurve"
            colour: Theme.warm
            surface: Theme.faint(Theme.warm)
            lineWidth: 2.5
        }
    }
}
