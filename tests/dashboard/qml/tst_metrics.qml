// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import QtTest
import TidepoolDashboard

DashboardCase {
    id: metrics

    name: "Metrics"
    load: 40

    SignalSpy {
        id: words
        target: metrics.session
        signalName: "wordsChanged"
    }

    function test_gaugesShowTheStatus_data() {
        return [{ tag: "gaugeWarm", metric: status => status.active },
                { tag: "gaugeCapacity", metric: status => status.capacity },
                { tag: "gaugeConnecting", metric: status => status.connecting + status.handshaking },
                { tag: "gaugeWaiting", metric: status => status.waiting },
                { tag: "gaugeLeased", metric: status => status.leased }]
    }

    function test_gaugesShowTheStatus(data) {
        const gauge = part(data.tag)
        for (let i = 0; i < 5; ++i) {
            compare(gauge.value, data.metric(session.status))
            compare(findChild(gauge, "value").text, String(gauge.value))
            words.clear()
            words.wait()
        }
        tryVerify(() => gauge.values.length >= 2)
    }

    function test_throughput() {
        const gauge = part("gaugeThroughput")
        tryVerify(() => session.throughput.downTotal > 200000)
        tryVerify(() => gauge.value > 0)
        compare(gauge.valueText, session.throughput.bytesText(gauge.value) + "/s")
        verify(gauge.meaning.endsWith("carried"))
    }

    function test_chartFollowsTheHistory() {
        const curve = part("warmCurve")
        tryVerify(() => curve.values.length >= 3)
        compare(curve.values, page.history.values("active"))
        compare(curve.ages, page.history.values("secondsAgo"))
        verify(curve.peak >= page.history.maximum("capacity"))
    }

    Component {
        id: curves

        Rectangle {
            property alias curve: curve

            width: 100
            height: 50
            color: "white"

            Curve {
                id: curve
                anchors.fill: parent
                values: [0, 10, 10]
                span: 3
                peak: 10
                colour: "#ff0000"
                surface: "#0000ff"
                lineWidth: 2
            }
        }
    }

    function test_curveIsDrawn() {
        const board = createTemporaryObject(curves, metrics)
        // Each of the values is half the width from the next.
        let image = grabImage(board)
        compare(image.pixel(75, 1), "#ff0000")
        compare(image.pixel(75, 30), "#0000ff")
        compare(image.pixel(10, 10), "#ffffff")
        board.curve.steps = true
        image = grabImage(board)
        compare(image.pixel(25, 48), "#ff0000")
        compare(image.pixel(25, 20), "#ffffff")
        // Ages move a value to its place: all of them in the right half.
        board.curve.steps = false
        board.curve.ages = [1.5, 0.5, 0]
        image = grabImage(board)
        compare(image.pixel(20, 48), "#ffffff")
        compare(image.pixel(95, 1), "#ff0000")
        board.curve.values = []
        image = grabImage(board)
        compare(image.pixel(95, 1), "#ffffff")
    }

    function test_latency() {
        tryVerify(() => session.status.waitTime.count > 5)
        compare(part("dialTimes").metrics[0], session.status.dialTime.p50)
        compare(part("waitTimes").metrics[3], session.status.waitTime.maximum)
        verify(part("servedWarm").text.endsWith("% served warm"))
    }

    function test_connectionsTable() {
        const list = part("connections")
        tryVerify(() => list.count >= 8)
        tryVerify(() => list.itemAtIndex(0) !== null)
        const entry = list.itemAtIndex(0)
        verify(/^[0-9a-f]{8}$/.test(entry.connectionId))
        verify(entry.peer.startsWith("127.0.0.1:"))
        verify(entry.cipher.startsWith("TLS_"))
        compare(entry.Accessible.name,
                `${entry.connectionId}, ${entry.stateText}, ${entry.peer}, age ${Format.age(entry.ageMs)}`)
        session.stop()
        tryCompare(list, "count", 0)
    }

    function test_events() {
        const list = part("events")
        tryVerify(() => list.count >= 2)
        session.flush()
        tryVerify(() => list.count >= 3)
        const entry = list.itemAtIndex(0)
        verify(entry.Accessible.name.startsWith(Qt.formatTime(entry.time, "hh:mm:ss") + ", " + entry.text))
        compare(entry.Accessible.name.endsWith(`, ${entry.count} times`), entry.count > 1)
        session.lab.load = 0
        // The last ones of the flush may still be on their way.
        tryVerify(() => { press("clearEvents"); return list.count === 0 })
        tryCompare(part("clearEvents"), "enabled", false)
        mouseClick(findChild(part("eventSide"), "segment1"))
        compare(page.events.showServer, true)
        tryVerify(() => list.count >= 1)
    }

    function test_eventsOfTheSession() {
        const list = part("events")
        session.failed("Cannot reach the target.")
        session.failed("Cannot reach the target.")
        const row = () => [...Array(list.count).keys()].map(index => list.itemAtIndex(index))
                                                       .find(entry => entry && entry.text === "Cannot reach the target.")
        tryVerify(() => row() !== undefined)
        compare(row().kind, "failed")
        compare(row().count, 2)
    }

    function test_format_data() {
        return [{ tag: "microseconds", value: 0.0421, text: "42 µs" },
                { tag: "milliseconds", value: 12.34, text: "12.3 ms" },
                { tag: "hundreds", value: 340.4, text: "340 ms" },
                { tag: "seconds", value: 1234, text: "1.2 s" },
                { tag: "many seconds", value: 12340, text: "12 s" }]
    }

    function test_format(data) {
        compare(Format.ms(data.value), data.text)
        compare(Format.percent(0.9996), "99.9 %")
        compare(Format.percent(1), "100 %")
        compare(Format.count(12345), "12,345")
        compare(Format.age(125000), "2 min")
    }
}
