// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import TidepoolDashboard

/// The course of one metric as a small filled line.
Curve {
    id: trend

    /// How many values fit at least; fewer leave the left empty.
    property int room: 40
    /// The line never fills more of the height than this value would.
    property real least: 1

    implicitHeight: 28
    surface: Theme.faint(colour)
    span: Math.max(room, values.length)
    peak: Math.max(least, ...values)
    Accessible.ignored: true
}
