// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Tidepool

/// Every connection that the pool holds or has handed out.
Card {
    id: table

    required property Pool pool
    readonly property bool roomy: width >= 560
    /// The widths of the columns, or 0 if there is no room for a column.
    readonly property var widths: [72, 54, width >= 420 ? 118 : 0, 50, 50]

    title: qsTr("Connections")
    trailing: Caption {
        objectName: "connectionCount"
        text: model.count >= model.limit ? qsTr("the newest %1").arg(model.limit) : model.count
    }

    ConnectionModel {
        id: model
        pool: table.pool
        limit: 200
    }

    component Cell: Text {
        property int column: 0

        width: column < 5 ? table.widths[column] : implicitWidth
        visible: column >= 5 || table.widths[column] > 0
        color: Theme.text
        font.pixelSize: Theme.small
        elide: Text.ElideRight
        horizontalAlignment: column === 3 || column === 4 ? Text.AlignRight : Text.AlignLeft
        verticalAlignment: Text.AlignVCenter
        height: parent ? parent.height : implicitHeight
    }

    ColumnLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        spacing: 0

        Row {
            Layout.fillWidth: true
            Layout.preferredHeight: 24
            spacing: 10

            Repeater {
                model: [qsTr("Id"), qsTr("State"), qsTr("Peer"), qsTr("Age"), qsTr("Idle"), qsTr("Cipher")]

                Cell {
                    required property int index
                    required property string modelData

                    column: index
                    text: modelData
                    color: Theme.textMuted
                    font.weight: Font.Medium
                    visible: index < 5 ? table.widths[index] > 0 : table.roomy
                }
            }
        }
        Rectangle {
            Layout.fillWidth: true
            implicitHeight: 1
            color: Theme.line
        }
        ListView {
            id: list

            objectName: "connections"
            Layout.fillWidth: true
            Layout.fillHeight: true
            Layout.minimumHeight: 120
            clip: true
            model: model
            activeFocusOnTab: true
            boundsBehavior: Flickable.StopAtBounds
            reuseItems: true
            Accessible.role: Accessible.Table
            Accessible.name: table.title
            ScrollBar.vertical: ScrollBar {}

            delegate: Item {
                id: entry

                required property int index
                required property string connectionId
                required property string peer
                required property real ageMs
                required property real idleMs
                required property string cipher
                required property string stateText
                required property bool taken

                width: ListView.view.width
                height: 24
                Accessible.role: Accessible.Row
                Accessible.name: qsTr("%1, %2, %3, age %4").arg(connectionId).arg(stateText).arg(peer).arg(Format.age(ageMs))

                Rectangle {
                    anchors.fill: parent
                    radius: 4
                    color: list.activeFocus && entry.ListView.isCurrentItem ? Theme.faint(Theme.accent) : "transparent"
                }
                Row {
                    height: parent.height
                    spacing: 10

                    Cell {
                        column: 0
                        text: entry.connectionId
                        font.family: Theme.mono
                    }
                    Cell {
                        column: 1
                        text: entry.stateText
                        color: entry.taken ? Theme.leased : Theme.warm
                        font.weight: Font.Medium
                    }
                    Cell {
                        column: 2
                        text: entry.peer
                    }
                    Cell {
                        column: 3
                        text: Format.age(entry.ageMs)
                    }
                    Cell {
                        column: 4
                        text: Format.age(entry.idleMs)
                    }
                    Cell {
                        column: 5
                        visible: table.roomy
                        text: entry.cipher === "" ? qsTr("none") : entry.cipher
                        color: Theme.textMuted
                        width: Math.max(entry.width - x - 8, 0)
                    }
                }
            }

            Caption {
                anchors.centerIn: parent
                visible: list.count === 0
                text: qsTr("No connection now.")
            }
            FocusRing { shown: list.activeFocus && list.count === 0 }
        }
    }
}
