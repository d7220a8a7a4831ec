// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import TidepoolDashboard

/// Connects a tunnel: the server, the protection, and the number of warm connections.
ColumnLayout {
    id: form

    required property Session session
    readonly property ConnectSettings settings: session.settings
    readonly property bool connected: session.kind === Session.Kind.Tunnel && session.running
    readonly property bool encrypted: settings.tlsMode !== 0
    readonly property bool verified: settings.tlsMode === 2
    property bool showMistakes: false

    signal connectedTunnel()

    spacing: 10

    function submit() {
        showMistakes = true
        settings.changed() // files can have appeared or disappeared since the user named them
        if (session.connectTunnel())
            connectedTunnel()
    }

    Caption {
        Layout.fillWidth: true
        text: qsTr("The private end of a tunnel. Start the public end with: tidepool server --listen :8443 "
                   + "--expose :8080. It prints the pin and the secret.")
    }
    FormField {
        objectName: "serverField"
        Layout.fillWidth: true
        name: qsTr("Server")
        placeholder: "example.org:8443"
        text: form.settings.server
        mistake: form.settings.serverError
        showMistake: form.showMistakes
        onEdited: text => form.settings.server = text
    }
    FormField {
        objectName: "targetField"
        Layout.fillWidth: true
        name: qsTr("Target: what visitors get")
        placeholder: "127.0.0.1:3000"
        text: form.settings.target
        mistake: form.settings.targetError
        showMistake: form.showMistakes
        onEdited: text => form.settings.target = text
    }
    ColumnLayout {
        spacing: 4
        Layout.fillWidth: true

        Caption {
            text: qsTr("Encryption")
            font.weight: Font.Medium
        }
        Segments {
            objectName: "tlsMode"
            Layout.fillWidth: true
            label: qsTr("Encryption")
            share: 1 / 3
            options: [qsTr("None"), qsTr("Self-signed"), qsTr("Verified")]
            current: form.settings.tlsMode
            onChosen: index => form.settings.tlsMode = index
        }
        Caption {
            Layout.fillWidth: true
            visible: !form.encrypted
            color: Theme.careful
            text: qsTr("Everybody on the way can read along. For tests on one machine only.")
        }
    }
    FormField {
        objectName: "pinField"
        Layout.fillWidth: true
        visible: form.encrypted
        name: qsTr("Pin of the server's certificate (optional)")
        placeholder: "sha256:…"
        text: form.settings.pin
        mistake: form.settings.pinError
        showMistake: true
        onEdited: text => form.settings.pin = text
    }
    FormField {
        objectName: "nameField"
        Layout.fillWidth: true
        visible: form.verified
        name: qsTr("Name in the certificate, if not the host")
        placeholder: "tunnel.example.org"
        text: form.settings.serverName
        onEdited: text => form.settings.serverName = text
    }
    FormField {
        objectName: "authoritiesField"
        Layout.fillWidth: true
        visible: form.verified
        name: qsTr("Authorities (PEM file), if not the system's")
        placeholder: "company-ca.pem"
        text: form.settings.authoritiesFile
        mistake: form.settings.authoritiesError
        showMistake: form.showMistakes
        onEdited: text => form.settings.authoritiesFile = text
    }
    FormField {
        objectName: "secretField"
        Layout.fillWidth: true
        name: qsTr("Secret (not stored)")
        echoMode: TextInput.Password
        text: form.settings.secret
        mistake: form.settings.secretError
        showMistake: form.showMistakes
        onEdited: text => form.settings.secret = text
    }
    FormField {
        objectName: "secretFileField"
        Layout.fillWidth: true
        name: qsTr("or a file that holds it")
        placeholder: "~/.config/tidepool/secret"
        text: form.settings.secretFile
        mistake: form.settings.secretFileError
        showMistake: form.showMistakes
        onEdited: text => form.settings.secretFile = text
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        FormField {
            objectName: "minimumField"
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            name: qsTr("Warm, at least")
            text: form.settings.minimum
            input.validator: IntValidator { bottom: 0; top: 9999 }
            input.inputMethodHints: Qt.ImhDigitsOnly
            onEdited: text => form.settings.minimum = Number(text)
        }
        FormField {
            objectName: "maximumField"
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            name: qsTr("at most")
            text: form.settings.maximum
            input.validator: IntValidator { bottom: 0; top: 9999 }
            input.inputMethodHints: Qt.ImhDigitsOnly
            onEdited: text => form.settings.maximum = Number(text)
        }
    }
    Text {
        objectName: "boundsMistake"
        Layout.fillWidth: true
        visible: form.settings.boundsError !== ""
        text: form.settings.boundsError
        color: Theme.bad
        font.pixelSize: Theme.small
        wrapMode: Text.WordWrap
    }
    ActionButton {
        objectName: "connectButton"
        Layout.fillWidth: true
        Layout.topMargin: 4
        prominent: true
        text: form.connected ? qsTr("Connect again") : qsTr("Connect")
        hint: qsTr("Ends what runs now and connects to this server")
        onClicked: form.submit()
    }
    Text {
        objectName: "formMistake"
        Layout.fillWidth: true
        visible: form.showMistakes && form.session.mistake !== ""
        text: form.session.mistake
        color: Theme.bad
        font.pixelSize: Theme.small
        wrapMode: Text.WordWrap
    }
    Item { Layout.fillHeight: true }
}
