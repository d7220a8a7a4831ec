// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick
import TidepoolDashboard

/// The history of one metric as a small filled line.
Curve {
    id: trend

    /// The minimum number of values that fit. With fewer values, the left part stays empty.
    property int room: 40
    /// The minimum value at the full height of the line.
    property real least: 1

    implicitHeight: 28
    surface: Theme.faint(colour)
    span: Math.max(room, values.length)
    peak: Math.max(least, ...values)
    Accessible.ignored: true
}
