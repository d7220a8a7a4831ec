// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import TidepoolDashboard

/// The program's name, the pool's destination, and the choice of light or dark colours.
Rectangle {
    id: bar

    required property Session session

    signal themeChosen(int choice)

    implicitHeight: 52
    color: Theme.card

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: bar.width < 500 ? 12 : 20
        anchors.rightMargin: anchors.leftMargin
        spacing: 10

        // Three waves.
        Column {
            spacing: 3
            Repeater {
                model: 3

                Rectangle {
                    required property int index

                    x: index * 3
                    width: 20 - index * 6
                    height: 3
                    radius: 2
                    color: Theme.accent
                    opacity: 1 - index * 0.25
                }
            }
        }
        Text {
            text: qsTr("Tidepool")
            color: Theme.text
            font.pixelSize: 17
            font.weight: Font.Bold
        }
        Text {
            objectName: "sessionTitle"
            Layout.fillWidth: true
            text: bar.session.title
            color: Theme.textMuted
            font.pixelSize: Theme.normal
            elide: Text.ElideRight
        }
        Segments {
            objectName: "themeChoice"
            label: qsTr("Colours")
            names: [qsTr("System"), qsTr("Light"), qsTr("Dark")]
            options: bar.width < 480 ? [qsTr("Auto"), qsTr("☀"), qsTr("☾")] : names
            current: Theme.choice
            onChosen: index => bar.themeChosen(index)
        }
    }
    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: 1
        color: Theme.line
    }
}
