// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts

/// One metric of the pool: its name, its current value, its meaning, and its last minute.
Card {
    id: gauge

    required property string name
    required property real value
    /// The value as text.
    property string valueText: Format.count(value)
    required property string meaning
    required property color colour
    property var values: []

    padding: 14
    /// The property `least` of TrendLine.
    property real least: 1

    Layout.minimumWidth: 120
    Layout.preferredWidth: 10
    Accessible.role: Accessible.StaticText
    Accessible.name: qsTr("%1: %2, %3").arg(name).arg(valueText).arg(meaning)

    RowLayout {
        spacing: 8

        Rectangle {
            implicitWidth: 10
            implicitHeight: 10
            radius: 3
            color: gauge.colour
        }
        Text {
            Layout.fillWidth: true
            text: gauge.name
            color: Theme.textMuted
            font.pixelSize: Theme.normal
            font.weight: Font.Medium
            elide: Text.ElideRight
        }
    }
    RowLayout {
        spacing: 10
        Layout.topMargin: -6

        Text {
            objectName: "value"
            text: gauge.valueText
            color: Theme.text
            font.pixelSize: text.length > 4 ? 20 : 32
            font.weight: Font.DemiBold
            Layout.minimumWidth: 40
            Layout.preferredHeight: 40
            verticalAlignment: Text.AlignVCenter
        }
        TrendLine {
            Layout.fillWidth: true
            Layout.preferredHeight: 30
            values: gauge.values
            colour: gauge.colour
            least: gauge.least
        }
    }
    Caption {
        Layout.fillWidth: true
        Layout.topMargin: -8
        text: gauge.meaning
        elide: Text.ElideRight
        wrapMode: Text.NoWrap
    }
}
