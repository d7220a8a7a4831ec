// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic

/// A choice between a few options. The arrow keys change it.
Control {
    id: segments

    required property list<string> options
    /// The text for a screen reader, if an option is shown as a symbol.
    property list<string> names: options
    property int current: 0
    /// Each option is as wide as this share of the whole. 0: each option is as wide as its name.
    property real share: 0
    /// Accessible name of the choice.
    property string label

    signal chosen(int index)

    implicitHeight: 30
    padding: 3
    focusPolicy: Qt.StrongFocus
    Accessible.role: Accessible.PageTabList
    Accessible.name: label
    Keys.onLeftPressed: choose(current - 1)
    Keys.onRightPressed: choose(current + 1)

    function choose(index: int) {
        if (index >= 0 && index < options.length && index !== current)
            chosen(index)
    }

    component Tab: Rectangle {
        id: segment

        required property int index
        required property string modelData
        readonly property bool isCurrent: index === segments.current

        objectName: "segment" + index
        // If the control is wider than its options, all options get equal shares of the width.
        width: Math.max(name.implicitWidth + 22,
                        (segments.availableWidth - 2 * (segments.options.length - 1)) * segments.share)
        height: segments.availableHeight
        radius: 6
        color: isCurrent ? Theme.card : "transparent"
        border.width: isCurrent ? 1 : 0
        border.color: Theme.line
        Accessible.role: Accessible.PageTab
        Accessible.name: segments.names[index]
        Accessible.checked: isCurrent
        Accessible.onPressAction: segments.choose(index)

        Text {
            id: name
            anchors.centerIn: parent
            text: segment.modelData
            color: segment.isCurrent ? Theme.text : Theme.textMuted
            font.pixelSize: Theme.small
            font.weight: segment.isCurrent ? Font.DemiBold : Font.Medium
        }
        TapHandler { onTapped: segments.choose(segment.index) }
    }

    contentItem: Row {
        spacing: 2

        Repeater {
            model: segments.options

            Tab {}
        }
    }
    background: Rectangle {
        radius: 8
        color: Theme.dark ? Theme.background : "#e2eaec"

        FocusRing { shown: segments.visualFocus }
    }
}
