// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts

/// A surface with a title, and an optional element at the right end of the title.
Rectangle {
    id: card

    property string title
    property alias trailing: trailingSlot.data
    default property alias content: contentSlot.data
    property int padding: Theme.padding

    color: Theme.card
    radius: Theme.radius
    border.color: Theme.line
    implicitWidth: column.implicitWidth + 2 * padding
    implicitHeight: column.implicitHeight + 2 * padding
    Accessible.role: Accessible.Grouping
    Accessible.name: title

    ColumnLayout {
        id: column

        anchors.fill: parent
        anchors.margins: card.padding
        spacing: Theme.gap

        RowLayout {
            visible: card.title !== ""
            Layout.fillWidth: true
            spacing: Theme.gap

            Text {
                Layout.fillWidth: true
                text: card.title
                color: Theme.text
                font.pixelSize: Theme.normal
                font.weight: Font.DemiBold
                elide: Text.ElideRight
                Accessible.role: Accessible.Heading
                Accessible.name: text
            }
            RowLayout {
                id: trailingSlot
                spacing: Theme.gap
            }
        }
        ColumnLayout {
            id: contentSlot
            Layout.fillWidth: true
            Layout.fillHeight: true
            spacing: Theme.gap
        }
    }
}
