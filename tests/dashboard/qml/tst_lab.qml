// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick

DashboardCase {
    name: "Lab"

    function test_loadSlider() {
        const slider = part("loadSlider")
        compare(slider.valueText, "0 visitors/s")
        slider.slider.forceActiveFocus(Qt.TabFocusReason)
        for (let i = 0; i < 4; ++i)
            keyClick(Qt.Key_Right)
        compare(session.lab.load, 20)
        compare(slider.valueText, "20 visitors/s")
        tryVerify(() => session.status.takenTotal > 3)
        session.lab.load = 100
        compare(slider.slider.value, 100)
    }

    function test_roundTripSlider() {
        const slider = part("roundTripSlider")
        slider.slider.forceActiveFocus(Qt.TabFocusReason)
        const before = session.lab.roundTripMs
        keyClick(Qt.Key_Right)
        compare(session.lab.roundTripMs, before + 10)
        compare(slider.valueText, (before + 10) + " ms round trip")
        mouseClick(slider.slider, slider.slider.width - 2, slider.slider.height / 2)
        compare(session.lab.roundTripMs, session.lab.maximumRoundTripMs)
    }

    function test_warmSlider() {
        const slider = part("warmSlider")
        mouseClick(slider.slider, slider.slider.width * 0.5, slider.slider.height / 2)
        verify(session.lab.minimumWarm > 20 && session.lab.minimumWarm < 50)
        compare(slider.valueText, session.lab.minimumWarm + " or more")
        tryVerify(() => session.status.active >= session.lab.minimumWarm)
    }

    function test_burst() {
        press("burstButton")
        tryVerify(() => session.status.takenTotal === 60)
        tryVerify(() => session.status.capacity > 8)
        tryVerify(() => part("servedWarm").text.endsWith("served warm"))
    }

    function test_outage() {
        const button = part("outageButton")
        compare(button.text, "Outage")
        press("outageButton")
        compare(session.lab.outage, true)
        tryCompare(button, "text", "End the outage (8 s)")
        tryCompare(part("serverState"), "text", "gone")
        verify(!part("hostileButton").enabled)
        press("outageButton")
        compare(session.lab.outage, false)
        compare(button.text, "Outage")
        tryCompare(part("serverState"), "text", "yes")
    }

    function test_hostile() {
        press("hostileButton")
        compare(session.lab.hostile, true)
        verify(!part("hostileButton").enabled)
        tryVerify(() => Number(part("serverFailed").text) > 8, 10000)
        tryVerify(() => part("hostileButton").enabled, 15000)
        verify(part("stateText").text.startsWith("Ready: "))
    }

    function test_serverMetrics() {
        tryVerify(() => Number(part("serverParked").text) >= 8)
        verify(Number(part("serverEstablished").text) >= 8)
        compare(part("serverFailed").text, "0")
    }

    function test_nothingWorksWhileStopped() {
        session.stop()
        tryCompare(part("burstButton"), "enabled", false)
        compare(part("outageButton").enabled, false)
        compare(part("hostileButton").enabled, false)
        compare(part("serverState").text, "no")
    }
}
