// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import TidepoolDashboard

DashboardCase {
    name: "Commands"

    function test_startAndStop() {
        const button = part("startButton")
        compare(button.text, "Stop")
        press("startButton")
        tryCompare(session, "running", false)
        tryCompare(part("stateText"), "text", "Closed")
        compare(button.text, "Start")
        verify(!part("pauseButton").enabled)
        verify(!part("flushButton").enabled)
        verify(!part("drainButton").enabled)
        press("startButton")
        tryVerify(() => part("stateText").text.startsWith("Ready: "))
    }

    function test_pauseAndResume() {
        press("pauseButton")
        tryVerify(() => /^Paused: [0-9]+ warm$/.test(part("stateText").text))
        compare(part("pauseButton").text, "Resume")
        compare(part("severity").color, Theme.careful)
        press("pauseButton")
        tryVerify(() => /^Ready: [0-9]+ warm$/.test(part("stateText").text))
        compare(part("pauseButton").text, "Pause")
        compare(part("severity").color, Theme.good)
    }

    function test_flush() {
        const before = session.status.generation
        press("flushButton")
        tryVerify(() => session.status.generation > before)
        tryVerify(() => session.status.active >= 8)
    }

    function test_drain() {
        press("drainButton")
        tryCompare(part("stateText"), "text", "Closed")
        compare(part("startButton").text, "Start")
    }

    function test_retryNow() {
        const button = part("retryButton")
        verify(!button.enabled)
        session.lab.beginOutage(60000)
        tryVerify(() => button.enabled)
        compare(part("severity").color, Theme.bad)
        tryVerify(() => part("stateText").text.startsWith("Degraded: connection refused"))
        verify(part("advice").text.includes("Is the server running"))
        session.lab.endOutage()
        press("retryButton")
        tryVerify(() => !button.enabled)
    }

    function test_keyboardPresses_data() {
        return [{ tag: "space", key: Qt.Key_Space }, { tag: "return", key: Qt.Key_Return },
                { tag: "enter", key: Qt.Key_Enter }]
    }

    function test_keyboardPresses(data) {
        part("pauseButton").forceActiveFocus(Qt.TabFocusReason)
        keyClick(data.key)
        tryCompare(session, "paused", true)
    }

    // From the first control on, Tab reaches every one that can be used, and comes back.
    function test_tabReachesAll() {
        const wanted = ["pages", "loadSlider", "roundTripSlider", "warmSlider", "burstButton", "outageButton",
                        "hostileButton", "startButton", "pauseButton", "flushButton", "drainButton", "eventSide",
                        "clearEvents", "events", "connections"]
        const reached = new Set()
        part("pages").forceActiveFocus(Qt.TabFocusReason)
        for (let i = 0; i < 40; ++i) {
            for (let item = Window.window.activeFocusItem; item; item = item.parent)
                reached.add(item.objectName)
            keyClick(Qt.Key_Tab)
        }
        for (const name of wanted)
            verify(reached.has(name), name + " is not reached")
    }
}
