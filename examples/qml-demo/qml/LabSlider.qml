// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts

/// A slider with its name and its value as text.
ColumnLayout {
    id: row

    required property string name
    required property string valueText
    property alias from: slider.from
    property alias to: slider.to
    property alias stepSize: slider.stepSize
    property real value
    property alias slider: slider

    signal moved(real value)

    spacing: 2

    RowLayout {
        Layout.fillWidth: true

        Text {
            Layout.fillWidth: true
            text: row.name
            color: Theme.text
            font.pixelSize: Theme.normal
        }
        Text {
            text: row.valueText
            color: Theme.accent
            font.pixelSize: Theme.normal
            font.weight: Font.DemiBold
        }
    }
    Slider {
        id: slider

        Layout.fillWidth: true
        implicitHeight: 28
        value: row.value
        snapMode: Slider.SnapAlways
        focusPolicy: Qt.StrongFocus
        Accessible.name: row.name
        Accessible.description: row.valueText
        onMoved: row.moved(value)

        background: Rectangle {
            x: slider.leftPadding
            y: slider.topPadding + slider.availableHeight / 2 - height / 2
            width: slider.availableWidth
            height: 4
            radius: 2
            color: Theme.line

            Rectangle {
                width: slider.visualPosition * parent.width
                height: parent.height
                radius: 2
                color: Theme.accent
            }
        }
        handle: Rectangle {
            x: slider.leftPadding + slider.visualPosition * (slider.availableWidth - width)
            y: slider.topPadding + slider.availableHeight / 2 - height / 2
            width: 18
            height: 18
            radius: 9
            color: slider.pressed ? Theme.accentPressed : Theme.card
            border.color: Theme.accent
            border.width: 2

            FocusRing {
                radius: 12
                shown: slider.visualFocus
            }
        }
    }
}
