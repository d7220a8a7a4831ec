// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts
import TidepoolDashboard

/// The state as text, what to do about it, and the pool's commands.
Card {
    id: header

    required property Session session
    /// True if there is room for the commands beside the text.
    property bool wide: true
    readonly property color severityColour: {
        switch (session.severity) {
        case Session.Severity.Good:
            return Theme.good
        case Session.Severity.Bad:
            return Theme.bad
        case Session.Severity.Careful:
            return Theme.careful
        case Session.Severity.Busy:
            return Theme.connecting
        default:
            return Theme.textMuted
        }
    }

    FontMetrics {
        id: metrics
        font.pixelSize: Theme.normal
    }
    GridLayout {
        Layout.fillWidth: true
        columns: header.wide ? 2 : 1
        columnSpacing: 16
        rowSpacing: 14

        RowLayout {
            Layout.fillWidth: true
            spacing: 14

            Rectangle {
                objectName: "severity"
                implicitWidth: 14
                implicitHeight: 14
                radius: 7
                color: header.severityColour
                Layout.alignment: Qt.AlignTop
                Layout.topMargin: 6

                Rectangle {
                    anchors.centerIn: parent
                    width: 26
                    height: 26
                    radius: 13
                    color: Theme.faint(header.severityColour)
                }
            }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: 3

                Text {
                    objectName: "stateText"
                    Layout.fillWidth: true
                    text: header.session.headline
                    color: Theme.text
                    font.pixelSize: 20
                    font.weight: Font.DemiBold
                    wrapMode: Text.WordWrap
                    Accessible.role: Accessible.AlertMessage
                    Accessible.name: text
                }
                Text {
                    objectName: "advice"
                    Layout.fillWidth: true
                    // Three lines are reserved. Otherwise everything below would move when an error appears or is
                    // explained.
                    Layout.minimumHeight: header.wide ? 3 * metrics.height : implicitHeight
                    // If the pool runs, its own problem matters more, and the form also shows the mistake.
                    readonly property bool isMistake: header.session.mistake !== "" && !header.session.running

                    text: isMistake ? header.session.mistake : header.session.advice
                    color: isMistake ? Theme.bad : Theme.textMuted
                    font.pixelSize: Theme.normal
                    wrapMode: Text.WordWrap
                }
            }
        }
        Flow {
            Layout.fillWidth: !header.wide
            Layout.preferredWidth: header.wide ? buttons : -1
            Layout.alignment: Qt.AlignTop
            spacing: 8

            readonly property real buttons: start.implicitWidth + pause.implicitWidth + flush.implicitWidth
                                            + drain.implicitWidth + retry.implicitWidth + 4 * spacing + 1

            ActionButton {
                id: start
                objectName: "startButton"
                text: header.session.running ? qsTr("Stop") : qsTr("Start")
                prominent: !header.session.running
                hint: header.session.running ? qsTr("Closes every connection (S)") : qsTr("Starts again (S)")
                onClicked: header.session.running ? header.session.stop() : header.session.start()
            }
            ActionButton {
                id: pause
                objectName: "pauseButton"
                text: header.session.paused ? qsTr("Resume") : qsTr("Pause")
                prominent: header.session.paused
                enabled: header.session.running
                hint: header.session.paused ? qsTr("Makes connections again (P)")
                                            : qsTr("Makes no new connections; warm ones can be taken (P)")
                onClicked: header.session.paused ? header.session.resume() : header.session.pause()
            }
            ActionButton {
                id: flush
                objectName: "flushButton"
                text: qsTr("Flush")
                enabled: header.session.running
                hint: qsTr("Closes the warm connections and makes new ones (F)")
                onClicked: header.session.flush()
            }
            ActionButton {
                id: drain
                objectName: "drainButton"
                text: qsTr("Drain")
                enabled: header.session.running
                hint: qsTr("No new takes; closes when the last connection is let go (D)")
                onClicked: header.session.drain()
            }
            ActionButton {
                id: retry
                objectName: "retryButton"
                text: qsTr("Retry now")
                visible: header.wide || header.session.canRetry
                enabled: header.session.canRetry
                prominent: header.session.canRetry
                hint: qsTr("Dials now instead of waiting (R)")
                onClicked: header.session.retryNow()
            }
        }
    }
}
