// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtTest
import TidepoolDashboard

/// The window's keys.
TestCase {
    id: keys

    property Session session
    property Main window

    name: "Keys"
    when: windowShown
    width: 200
    height: 200

    Component {
        id: sessions
        Session {}
    }
    Component {
        id: windows
        Main {
            session: keys.session
            preferences: Preferences {}
            width: 1280
            height: 880
        }
    }

    function init() {
        session = createTemporaryObject(sessions, keys)
        session.lab.load = 0
        verify(session.startLab())
        window = createTemporaryObject(windows, keys)
        window.requestActivate()
        tryCompare(window, "active", true)
        tryVerify(() => session.status.active >= 8, 20000)
    }

    function cleanup() {
        window.destroy()
        session.stop()
    }

    function test_startAndStop() {
        keyClick(Qt.Key_S)
        tryCompare(session, "running", false)
        keyClick(Qt.Key_S)
        tryCompare(session, "running", true)
    }

    function test_pauseAndResume() {
        keyClick(Qt.Key_P)
        tryCompare(session, "paused", true)
        keyClick(Qt.Key_P)
        tryCompare(session, "paused", false)
    }

    function test_flush() {
        const before = session.status.generation
        keyClick(Qt.Key_F)
        tryVerify(() => session.status.generation > before)
    }

    function test_drain() {
        keyClick(Qt.Key_D)
        tryCompare(session, "headline", "Closed")
    }

    function test_outageAndRetry() {
        keyClick(Qt.Key_O)
        compare(session.lab.outage, true)
        tryCompare(session, "canRetry", true)
        keyClick(Qt.Key_O)
        compare(session.lab.outage, false)
        keyClick(Qt.Key_R)
        tryVerify(() => session.headline.startsWith("Ready: "), 10000)
    }

    function test_retryDialsAtOnce() {
        session.lab.beginOutage(60000)
        tryVerify(() => session.status.nextAttemptMs > 1500, 20000)
        const before = session.status.failedTotal
        keyClick(Qt.Key_R)
        tryVerify(() => session.status.failedTotal > before, 1000)
    }

    function test_burst() {
        keyClick(Qt.Key_B)
        tryVerify(() => session.status.takenTotal === 60, 10000)
    }

    function test_hostile() {
        keyClick(Qt.Key_H)
        compare(session.lab.hostile, true)
    }

    // Nothing to break where nothing runs.
    function test_stoppedLab_data() {
        return [{ tag: "P" }, { tag: "F" }, { tag: "D" }, { tag: "R" }, { tag: "B" }, { tag: "O" }, { tag: "H" }]
    }

    function test_stoppedLab(data) {
        session.stop()
        tryCompare(session, "headline", "Closed")
        keyClick(data.tag)
        compare(session.running, false)
        compare(session.lab.outage, false)
        compare(session.lab.hostile, false)
    }

    function test_closes() {
        keyClick(Qt.Key_Q, Qt.ControlModifier)
        tryCompare(window, "visible", false)
    }

    function test_pages() {
        window.height = 480
        const page = window.page
        tryVerify(() => page.contentHeight > page.height)
        compare(page.contentY, 0)
        keyClick(Qt.Key_PageDown)
        verify(page.contentY > 0)
        for (let i = 0; i < 10; ++i)
            keyClick(Qt.Key_PageDown)
        compare(page.contentY, page.contentHeight - page.height)
        for (let i = 0; i < 11; ++i)
            keyClick(Qt.Key_PageUp)
        compare(page.contentY, 0)
    }

    // A letter that is typed is a letter.
    function test_typing() {
        findChild(window, "sidePanel").page = 1
        const field = findChild(window, "serverField")
        tryCompare(field, "visible", true)
        field.input.forceActiveFocus()
        field.input.clear()
        for (const letter of "spfdrboh")
            keyClick(letter)
        compare(field.input.text, "spfdrboh")
        compare(session.running, true)
        compare(session.paused, false)
        compare(session.lab.outage, false)
    }
}
