// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Tidepool

/// The events, newest first, of this end or, in the lab, of the server.
Card {
    id: events

    required property Pool pool
    /// The other end, if it is in this process.
    property Pool serverPool: null
    property bool showServer: false
    readonly property bool atServer: showServer && serverPool !== null

    /// Adds a failure that the client's pool does not know.
    function addFailure(text: string) {
        clientEvents.addFailure(text)
    }

    title: qsTr("Events")
    trailing: [
        Segments {
            id: side
            objectName: "eventSide"
            visible: events.serverPool !== null
            label: qsTr("Whose events")
            options: [qsTr("Client"), qsTr("Server")]
            current: events.atServer ? 1 : 0
            onChosen: index => events.showServer = index === 1
        },
        ActionButton {
            objectName: "clearEvents"
            implicitHeight: 30
            text: qsTr("Clear")
            enabled: list.count > 0
            hint: qsTr("Empties the list")
            onClicked: events.atServer ? serverEvents.clear() : clientEvents.clear()
        }
    ]

    EventModel {
        id: clientEvents
        pool: events.pool
    }
    EventModel {
        id: serverEvents
        pool: events.serverPool
    }

    ListView {
        id: list

        objectName: "events"
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.minimumHeight: 150
        clip: true
        spacing: 2
        model: events.atServer ? serverEvents : clientEvents
        activeFocusOnTab: true
        boundsBehavior: Flickable.StopAtBounds
        Accessible.role: Accessible.List
        Accessible.name: events.title
        ScrollBar.vertical: ScrollBar {}

        delegate: Rectangle {
            id: entry

            required property date time
            required property string kind
            required property string text
            required property string detail
            required property int count
            readonly property color colour: kind === "failed" ? Theme.bad
                                          : kind === "evicted" ? Theme.careful : Theme.accent

            width: ListView.view.width
            height: words.implicitHeight + 10
            radius: 6
            color: list.activeFocus && ListView.isCurrentItem ? Theme.faint(Theme.accent) : "transparent"
            Accessible.role: Accessible.ListItem
            Accessible.name: clock.text + ", " + text + (detail ? ", " + detail : "")
                             + (count > 1 ? qsTr(", %1 times").arg(count) : "")

            Caption {
                id: clock
                x: 2
                y: 5
                width: 58
                text: Qt.formatTime(entry.time, "hh:mm:ss")
                wrapMode: Text.NoWrap
            }
            Rectangle {
                x: 66
                y: 9
                width: 8
                height: 8
                radius: 4
                color: entry.colour
            }
            Column {
                id: words
                x: 82
                y: 5
                width: entry.width - x - (times.visible ? times.width + 18 : 10)
                spacing: 1

                Text {
                    width: parent.width
                    text: entry.text
                    color: Theme.text
                    font.pixelSize: Theme.small
                    wrapMode: Text.WordWrap
                    maximumLineCount: 2
                    elide: Text.ElideRight
                }
                Caption {
                    width: parent.width
                    visible: text !== ""
                    text: entry.detail
                    maximumLineCount: 1
                    elide: Text.ElideRight
                }
            }
            Rectangle {
                id: times
                anchors.right: parent.right
                anchors.rightMargin: 10
                y: 4
                visible: entry.count > 1
                width: number.implicitWidth + 12
                height: 18
                radius: 9
                color: Theme.faint(entry.colour)

                Text {
                    id: number
                    anchors.centerIn: parent
                    text: qsTr("×%1").arg(entry.count)
                    color: entry.colour
                    font.pixelSize: 11
                    font.weight: Font.DemiBold
                }
            }
        }

        Caption {
            anchors.centerIn: parent
            visible: list.count === 0
            text: qsTr("Nothing has happened yet.")
        }
        FocusRing { shown: list.activeFocus && list.count === 0 }
    }
}
