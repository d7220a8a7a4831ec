// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Tidepool

/// How long something took: median, the slowest tenth, the slowest hundredth, the slowest. The bars are logarithmic, and
/// those of two distributions can be compared.
ColumnLayout {
    id: bars

    required property string name
    required property distribution times
    required property color colour
    readonly property real count: Format.figure(times, "count")
    readonly property real least: 0.01
    readonly property real most: 10000

    spacing: 6
    Accessible.role: Accessible.StaticText
    Accessible.name: qsTr("%1: median %2, p99 %3").arg(name).arg(Format.ms(times.p50)).arg(Format.ms(times.p99))

    RowLayout {
        Layout.fillWidth: true

        Text {
            Layout.fillWidth: true
            text: bars.name
            color: Theme.text
            font.pixelSize: Theme.small
            font.weight: Font.Medium
            elide: Text.ElideRight
        }
        Caption { text: Format.count(bars.count) }
    }
    Repeater {
        model: [
            { name: qsTr("p50"), value: bars.times.p50 },
            { name: qsTr("p90"), value: bars.times.p90 },
            { name: qsTr("p99"), value: bars.times.p99 },
            { name: qsTr("max"), value: bars.times.maximum }
        ]

        RowLayout {
            id: row

            required property var modelData
            readonly property real share: {
                const value = Math.max(modelData.value, bars.least)
                return Math.min(Math.log(value / bars.least) / Math.log(bars.most / bars.least), 1)
            }

            Layout.fillWidth: true
            spacing: 8

            Caption {
                text: row.modelData.name
                Layout.preferredWidth: 28
            }
            Rectangle {
                Layout.fillWidth: true
                implicitHeight: 8
                radius: 4
                color: Theme.faint(bars.colour)

                Rectangle {
                    width: bars.count > 0 ? Math.max(parent.width * row.share, 8) : 0
                    height: parent.height
                    radius: 4
                    color: bars.colour
                }
            }
            Text {
                Layout.preferredWidth: 58
                text: bars.count > 0 ? Format.ms(row.modelData.value) : qsTr("none")
                color: Theme.text
                font.pixelSize: Theme.small
                horizontalAlignment: Text.AlignRight
            }
        }
    }
}
