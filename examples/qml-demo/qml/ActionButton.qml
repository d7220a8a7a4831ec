// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Controls.Basic

/// A button of the dashboard: plain, the main action (prominent), or an action that breaks something (dangerous).
Button {
    id: button

    property bool prominent: false
    property bool dangerous: false
    /// A description of the action, and its key.
    property string hint
    readonly property color ink: !enabled ? Theme.textMuted
                                : prominent ? Theme.accentText
                                : dangerous ? Theme.bad : Theme.text

    implicitHeight: Theme.controlHeight
    leftPadding: 12
    rightPadding: 12
    font.pixelSize: Theme.normal
    font.weight: Font.Medium
    focusPolicy: Qt.StrongFocus
    opacity: enabled ? 1 : 0.55
    Accessible.name: text
    Accessible.description: hint
    Keys.onReturnPressed: button.clicked()
    Keys.onEnterPressed: button.clicked()

    ToolTip.visible: hint !== "" && hovered
    ToolTip.delay: 600
    ToolTip.text: hint

    contentItem: Text {
        text: button.text
        font: button.font
        color: button.ink
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
    }
    background: Rectangle {
        radius: 8
        color: button.prominent ? (button.down || button.hovered ? Theme.accentPressed : Theme.accent)
             : button.checked ? Theme.faint(Theme.accent)
             : button.down || button.hovered ? Theme.faint(button.dangerous ? Theme.bad : Theme.accent) : Theme.card
        border.color: button.prominent ? "transparent"
                    : button.dangerous ? Qt.rgba(Theme.bad.r, Theme.bad.g, Theme.bad.b, 0.55)
                    : button.checked ? Theme.accent : Theme.lineStrong
        border.width: button.prominent ? 0 : 1

        FocusRing { shown: button.visualFocus }
    }
}
