// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import TidepoolDashboard

DashboardCase {
    name: "Form"

    function open() {
        for (const property of ["server", "target", "pin", "serverName", "authoritiesFile", "secret", "secretFile"])
            session.settings[property] = ""
        session.settings.tlsMode = 1
        session.settings.minimum = 8
        session.settings.maximum = 64
        mouseClick(findChild(part("pages"), "segment1"))
        tryCompare(part("connectForm"), "visible", true)
        tryCompare(part("labPanel"), "visible", false)
        waitForRendering(page)
    }

    function type(field, text) {
        const input = part(field).input
        input.forceActiveFocus()
        input.selectAll()
        keyClick(Qt.Key_Delete)
        for (const letter of text)
            keyClick(letter)
    }

    function test_fieldsReachTheSettings_data() {
        return [{ tag: "serverField", property: "server", text: "example.org:8443" },
                { tag: "targetField", property: "target", text: ":3000" },
                { tag: "pinField", property: "pin", text: "sha256:12" },
                { tag: "nameField", property: "serverName", text: "tunnel.example.org" },
                { tag: "authoritiesField", property: "authoritiesFile", text: "ca.pem" },
                { tag: "secretField", property: "secret", text: "0123456789abcdef" },
                { tag: "secretFileField", property: "secretFile", text: "secret.txt" },
                { tag: "minimumField", property: "minimum", text: "12" },
                { tag: "maximumField", property: "maximum", text: "99" }]
    }

    function test_fieldsReachTheSettings(data) {
        open()
        session.settings.tlsMode = 2
        type(data.tag, data.text)
        compare(String(session.settings[data.property]), data.text)
        // And back.
        session.settings[data.property] = data.property === "minimum" || data.property === "maximum" ? 7 : "x"
        compare(part(data.tag).input.text, String(session.settings[data.property]))
    }

    function test_secretIsHidden() {
        open()
        compare(part("secretField").input.echoMode, TextInput.Password)
    }

    function test_encryptionShowsWhatItNeeds() {
        open()
        const modes = part("tlsMode")
        mouseClick(findChild(modes, "segment0"))
        compare(session.settings.tlsMode, 0)
        verify(!part("pinField").visible)
        verify(!part("nameField").visible)
        mouseClick(findChild(modes, "segment2"))
        compare(session.settings.tlsMode, 2)
        verify(part("pinField").visible)
        verify(part("nameField").visible)
        verify(part("authoritiesField").visible)
        modes.forceActiveFocus(Qt.TabFocusReason)
        keyClick(Qt.Key_Left)
        compare(session.settings.tlsMode, 1)
        verify(!part("nameField").visible)
    }

    function test_mistakesAreShownAtConnect() {
        open()
        session.settings.server = "nowhere"
        session.settings.target = ":3000"
        press("connectButton")
        compare(session.kind, Session.Kind.Lab)
        tryVerify(() => part("formMistake").visible)
        verify(part("formMistake").text.includes("HOST:PORT"))
        // The pool that runs meanwhile keeps its own words.
        compare(part("advice").text, session.running ? session.advice : session.mistake)
    }

    function problem(field) {
        return part(field).mistake
    }

    function test_filesThatCannotBeRead() {
        open()
        session.settings.server = "127.0.0.1:1"
        session.settings.target = ":3000"
        session.settings.tlsMode = 2
        session.settings.secretFile = "/nowhere/secret"
        session.settings.authoritiesFile = "/nowhere/ca.pem"
        press("connectButton")
        compare(session.kind, Session.Kind.Lab)
        verify(problem("secretFileField").includes("check its name"))
        verify(problem("authoritiesField").includes("check its name"))
        compare(problem("secretField"), "")
        // Who types the secret needs no file.
        session.settings.secret = "0123456789abcdef"
        compare(problem("secretFileField"), "")
    }

    // The longest form, in the smallest window.
    function test_everyFieldCanBeReached() {
        open()
        session.settings.tlsMode = 2
        page.height = 480
        waitForRendering(page)
        press("connectButton")
        tryVerify(() => part("formMistake").visible)
    }

    function test_boundsMistake() {
        open()
        session.settings.minimum = 50
        session.settings.maximum = 10
        tryVerify(() => part("boundsMistake").visible)
        session.settings.maximum = 60
        tryVerify(() => !part("boundsMistake").visible)
    }

    function test_connectsAndComesBack() {
        open()
        session.settings.server = "127.0.0.1:1"
        session.settings.target = ":3000"
        session.settings.secret = "0123456789abcdef"
        press("connectButton")
        compare(session.kind, Session.Kind.Tunnel)
        compare(session.title, "127.0.0.1:1 to 127.0.0.1:3000")
        tryVerify(() => part("advice").text.includes("refused"))
        verify(!part("eventSide").visible)
        mouseClick(findChild(part("pages"), "segment0"))
        press("backToLab")
        compare(session.kind, Session.Kind.Lab)
        tryVerify(() => part("stateText").text.startsWith("Ready: "))
    }
}
