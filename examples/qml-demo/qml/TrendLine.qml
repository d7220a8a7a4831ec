// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick

/// The course of one figure as a small filled line, without axes. New values come in from the right.
Canvas {
    id: trend

    property var values: []
    property color colour: Theme.accent
    /// How many values fit at least; fewer leave the left empty.
    property int room: 40
    /// The line never fills more of the height than this value would.
    property real least: 1

    implicitHeight: 28
    antialiasing: true
    onValuesChanged: if (visible) requestPaint()
    onColourChanged: requestPaint()
    onVisibleChanged: if (visible) requestPaint()
    Accessible.ignored: true

    onPaint: {
        const context = getContext("2d")
        context.reset()
        const list = values
        if (list.length < 2)
            return
        let top = least
        for (let i = 0; i < list.length; ++i)
            top = Math.max(top, list[i])
        const step = width / (Math.max(room, list.length) - 1)
        const start = width - (list.length - 1) * step
        const y = value => height - 1 - value / top * (height - 3)
        context.beginPath()
        context.moveTo(start, y(list[0]))
        for (let i = 1; i < list.length; ++i)
            context.lineTo(start + i * step, y(list[i]))
        context.strokeStyle = colour
        context.lineWidth = 1.5
        context.lineJoin = "round"
        context.stroke()
        context.lineTo(width, height)
        context.lineTo(start, height)
        context.closePath()
        context.fillStyle = Theme.faint(colour)
        context.fill()
    }
}
