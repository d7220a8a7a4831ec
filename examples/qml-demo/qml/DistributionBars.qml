// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Tidepool

/// The distribution of a duration: median, p90, p99 and maximum. The bars are logarithmic, and the bars of two
/// distributions can be compared.
ColumnLayout {
    id: bars

    required property string name
    required property distribution times
    required property color colour
    readonly property real count: Format.metric(times, "count")
    readonly property list<real> metrics: [times.p50, times.p90, times.p99, times.maximum]
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
        // Only the names, because creating the rows again at every change would cost more than everything else here.
        model: [qsTr("p50"), qsTr("p90"), qsTr("p99"), qsTr("max")]

        RowLayout {
            id: row

            required property int index
            required property string modelData
            readonly property real value: bars.metrics[index]
            readonly property real share: {
                const shown = Math.max(value, bars.least)
                return Math.min(Math.log(shown / bars.least) / Math.log(bars.most / bars.least), 1)
            }

            Layout.fillWidth: true
            spacing: 8

            Caption {
                text: row.modelData
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
                text: bars.count > 0 ? Format.ms(row.value) : qsTr("none")
                color: Theme.text
                font.pixelSize: Theme.small
                horizontalAlignment: Text.AlignRight
            }
        }
    }
}
