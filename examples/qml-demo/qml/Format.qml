// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma Singleton

import QtQuick

/// Formats metrics for people.
QtObject {
    /// Milliseconds: "42 µs", "12.3 ms", "340 ms", "1.2 s".
    function ms(value: real): string {
        if (value >= 9950)
            return qsTr("%1 s").arg((value / 1000).toFixed(0))
        if (value >= 995)
            return qsTr("%1 s").arg((value / 1000).toFixed(1))
        if (value >= 99.5)
            return qsTr("%1 ms").arg(value.toFixed(0))
        if (value >= 0.995)
            return qsTr("%1 ms").arg(value.toFixed(1))
        return qsTr("%1 µs").arg((value * 1000).toFixed(0))
    }

    /// A span of time: "3.2 s", "45 s", "2 min".
    function age(milliseconds: real): string {
        if (milliseconds < 10000)
            return qsTr("%1 s").arg((milliseconds / 1000).toFixed(1))
        if (milliseconds < 120000)
            return qsTr("%1 s").arg(Math.floor(milliseconds / 1000))
        return qsTr("%1 min").arg(Math.floor(milliseconds / 60000))
    }

    /// A share of 1: "96 %", "99.7 %". "100 %" only if the share is exactly 1.
    function percent(share: real): string {
        if (share > 0.99 && share < 1)
            return qsTr("%1 %").arg((Math.floor(share * 1000) / 10).toFixed(1))
        return qsTr("%1 %").arg(Math.round(share * 100))
    }

    /// A count: "1,234", "12.3 k" from 100,000 on.
    function count(value: real): string {
        if (value >= 100000)
            return qsTr("%1 k").arg((value / 1000).toFixed(0))
        return Number(value).toLocaleString(Qt.locale("en_US"), "f", 0)
    }

    /// A metric that has 64 bits, which the tools of Qt 6.4 do not support.
    function metric(values: var, name: string): real {
        return values[name]
    }
}
