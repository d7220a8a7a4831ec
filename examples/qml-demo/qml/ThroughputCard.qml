// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts
import TidepoolDashboard

/// What flows through the taken connections.
Card {
    id: card

    required property Throughput throughput

    title: qsTr("Throughput")
    trailing: Caption {
        objectName: "carried"
        text: qsTr("%1 carried").arg(card.throughput.bytesText(card.throughput.downTotal + card.throughput.upTotal))
    }

    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        ColumnLayout {
            spacing: 2
            Layout.preferredWidth: 110

            Text {
                objectName: "downRate"
                text: qsTr("%1/s").arg(card.throughput.bytesText(card.throughput.downRate))
                color: Theme.text
                font.pixelSize: 20
                font.weight: Font.DemiBold
            }
            Caption {
                text: qsTr("down; up %1/s").arg(card.throughput.bytesText(card.throughput.upRate))
                wrapMode: Text.NoWrap
            }
        }
        TrendLine {
            Layout.fillWidth: true
            Layout.fillHeight: true
            Layout.minimumHeight: 40
            values: card.throughput.downRates
            colour: Theme.accent
            least: 1000
        }
    }
}
