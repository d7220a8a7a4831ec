// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Tidepool

/// The pool's last minute: capacity as steps, warm connections as a surface, the others as lines.
Card {
    id: chart

    required property PoolHistory history
    /// Milliseconds from the left edge to now.
    readonly property int span: history.samples * history.period

    title: qsTr("Last minute")
    trailing: Flow {
        spacing: 14

        Repeater {
            model: [
                { name: qsTr("warm"), colour: Theme.warm },
                { name: qsTr("capacity"), colour: Theme.capacity },
                { name: qsTr("connecting"), colour: Theme.connecting },
                { name: qsTr("waiting"), colour: Theme.waiting },
                { name: qsTr("taken"), colour: Theme.taken }
            ]

            Row {
                id: legend

                required property var modelData

                spacing: 5
                visible: chart.width > 460

                Rectangle {
                    anchors.verticalCenter: parent.verticalCenter
                    width: 10
                    height: 3
                    radius: 1
                    color: legend.modelData.colour
                }
                Caption {
                    text: legend.modelData.name
                    wrapMode: Text.NoWrap
                }
            }
        }
    }

    FontMetrics { id: axisFont }
    Canvas {
        id: canvas

        objectName: "chart"
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.minimumHeight: 180
        Layout.preferredHeight: 220
        antialiasing: true
        Accessible.role: Accessible.Chart
        Accessible.name: qsTr("Warm, capacity, connecting, waiting and taken connections over the last minute")

        readonly property bool dark: Theme.dark
        /// The topmost value on the axis.
        property real peak: 10
        property int painted: 0

        onDarkChanged: requestPaint()
        onWidthChanged: requestPaint()
        onHeightChanged: requestPaint()

        readonly property real leftEdge: 34
        readonly property real bottomEdge: height - 20
        readonly property real plotWidth: width - leftEdge - 2
        readonly property real plotHeight: bottomEdge - 6

        function nicePeak(value: real): real {
            const magnitude = Math.pow(10, Math.floor(Math.log(Math.max(value, 8)) / Math.LN10))
            for (const factor of [1, 2, 4, 5, 8, 10])
                if (magnitude * factor >= value * 1.04 && magnitude * factor >= 8)
                    return magnitude * factor
            return magnitude * 20
        }

        function trace(context, times, values, steps) {
            const x = index => leftEdge + plotWidth * (1 - times[index] * 1000 / chart.span)
            const y = value => bottomEdge - plotHeight * value / peak
            context.beginPath()
            for (let i = 0; i < values.length; ++i) {
                if (i === 0)
                    context.moveTo(x(0), y(values[0]))
                else if (steps)
                    context.lineTo(x(i), y(values[i - 1]))
                if (i > 0)
                    context.lineTo(x(i), y(values[i]))
            }
            return x(0)
        }

        function line(context, times, values, colour, width, steps) {
            trace(context, times, values, steps)
            context.strokeStyle = colour
            context.lineWidth = width
            context.lineJoin = "round"
            context.stroke()
        }

        function grid(context) {
            context.font = "11px '" + axisFont.font.family + "'"
            context.fillStyle = Theme.textMuted
            context.strokeStyle = Theme.line
            context.lineWidth = 1
            context.textAlign = "right"
            context.textBaseline = "middle"
            for (let i = 0; i <= 4; ++i) {
                const y = Math.round(bottomEdge - plotHeight * i / 4) + 0.5
                context.beginPath()
                context.moveTo(leftEdge, y)
                context.lineTo(leftEdge + plotWidth, y)
                context.stroke()
                context.fillText(Number(peak * i / 4).toLocaleString(Qt.locale("C"), "f", 0), leftEdge - 8, y)
            }
            context.textBaseline = "alphabetic"
            const seconds = chart.span / 1000
            const marks = plotWidth > 420 ? 4 : 2
            for (let i = 0; i <= marks; ++i) {
                context.textAlign = i === 0 ? "left" : i === marks ? "right" : "center"
                const ago = Math.round(seconds * (1 - i / marks))
                context.fillText(ago === 0 ? qsTr("now") : qsTr("%1 s ago").arg(ago),
                                 leftEdge + plotWidth * i / marks, height - 4)
            }
        }

        onPaint: {
            const context = getContext("2d")
            context.reset()
            const history = chart.history
            peak = nicePeak(Math.max(history.maximum("capacity"), history.maximum("active"),
                                   history.maximum("waiting"), history.maximum("taken"),
                                   history.maximum("connecting") + history.maximum("handshaking")))
            grid(context)
            painted += 1
            const times = history.values("secondsAgo")
            if (times.length < 2)
                return
            const warm = history.values("active")
            const start = trace(context, times, warm, false)
            context.lineTo(leftEdge + plotWidth, bottomEdge)
            context.lineTo(start, bottomEdge)
            context.closePath()
            context.fillStyle = Theme.faint(Theme.warm)
            context.fill()
            const dials = history.values("connecting")
            const shakes = history.values("handshaking")
            line(context, times, history.values("capacity"), Theme.capacity, 1.5, true)
            line(context, times, dials.map((value, index) => value + shakes[index]), Theme.connecting, 1.5, false)
            line(context, times, history.values("taken"), Theme.taken, 1.5, false)
            line(context, times, history.values("waiting"), Theme.waiting, 2, false)
            line(context, times, warm, Theme.warm, 2.5, false)
        }

        Connections {
            target: chart.history
            function onSampled() { canvas.requestPaint() }
        }
    }
}
