// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtQuick.Layouts
import TidepoolDashboard

/// Selects the lab or a real server.
Card {
    id: panel

    required property Session session
    property int page: session.kind === Session.Kind.Tunnel ? 1 : 0

    Segments {
        objectName: "pages"
        Layout.fillWidth: true
        label: qsTr("Where the pool leads")
        share: 1 / 2
        options: [qsTr("Loopback lab"), qsTr("Tunnel")]
        current: panel.page
        onChosen: index => panel.page = index
    }
    ActionButton {
        objectName: "backToLab"
        Layout.fillWidth: true
        visible: panel.page === 0 && panel.session.kind === Session.Kind.Tunnel
        text: qsTr("Back to the lab")
        hint: qsTr("Ends the tunnel and starts the lab")
        onClicked: panel.session.startLab()
    }
    LabPanel {
        objectName: "labPanel"
        Layout.fillWidth: true
        Layout.fillHeight: true
        visible: panel.page === 0 && panel.session.kind === Session.Kind.Lab
        session: panel.session
    }
    ConnectForm {
        objectName: "connectForm"
        Layout.fillWidth: true
        Layout.fillHeight: true
        visible: panel.page === 1
        session: panel.session
    }
    Item {
        Layout.fillHeight: true
        visible: panel.page === 0 && panel.session.kind === Session.Kind.Tunnel
    }
}
