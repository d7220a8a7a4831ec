// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts

/// An input line, with its name above and its mistake below.
ColumnLayout {
    id: field

    required property string name
    property string text
    property string placeholder
    /// What is wrong and what to do. Shown after the user has visited the field, or when all mistakes are to be shown.
    property string mistake
    property bool showMistake: false
    property alias echoMode: input.echoMode
    property alias input: input
    property bool visited: false

    signal edited(string text)

    spacing: 4

    Text {
        Layout.fillWidth: true
        text: field.name
        color: Theme.textMuted
        font.pixelSize: Theme.small
        font.weight: Font.Medium
    }
    TextField {
        id: input

        Layout.fillWidth: true
        implicitHeight: Theme.controlHeight
        leftPadding: 10
        rightPadding: 10
        color: Theme.text
        placeholderText: field.placeholder
        placeholderTextColor: Theme.textMuted
        selectionColor: Theme.accent
        selectedTextColor: Theme.accentText
        font.pixelSize: Theme.normal
        selectByMouse: true
        text: field.text
        Accessible.name: field.name
        Accessible.description: problem.visible ? field.mistake : field.placeholder
        onTextEdited: field.edited(text)
        onActiveFocusChanged: field.visited = field.visited || !activeFocus

        background: Rectangle {
            radius: 8
            color: Theme.cardRaised
            border.width: input.activeFocus ? 2 : 1
            border.color: problem.visible ? Theme.bad : input.activeFocus ? Theme.accent : Theme.lineStrong
        }
    }
    Text {
        id: problem
        Layout.fillWidth: true
        visible: field.mistake !== "" && (field.visited || field.showMistake)
        text: field.mistake
        color: Theme.bad
        font.pixelSize: Theme.small
        wrapMode: Text.WordWrap
    }
}
