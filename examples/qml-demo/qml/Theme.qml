// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma Singleton

import QtQuick

/// Colours, sizes and times of the whole dashboard, light and dark.
QtObject {
    /// The user's choice: 0 the system's theme, 1 light, 2 dark.
    property int choice: 0
    readonly property bool systemIsDark: systemPalette.window.hslLightness < 0.5
    readonly property bool dark: choice === 2 || (choice === 0 && systemIsDark)
    readonly property SystemPalette systemPalette: SystemPalette {}

    // Surfaces and text. Text on its surface has a contrast of at least 4.5 to 1.
    readonly property color background: dark ? "#0b1418" : "#eef3f4"
    readonly property color card: dark ? "#122026" : "#ffffff"
    readonly property color cardRaised: dark ? "#182a31" : "#f6f9fa"
    readonly property color line: dark ? "#22363e" : "#dbe4e7"
    readonly property color lineStrong: dark ? "#5d7680" : "#8499a1"
    readonly property color text: dark ? "#e7f0f2" : "#10262e"
    readonly property color textMuted: dark ? "#93abb4" : "#566c75"
    readonly property color accent: dark ? "#45c3d2" : "#0b7486"
    readonly property color accentPressed: dark ? "#6fd5e1" : "#095f6e"
    readonly property color accentText: dark ? "#06222a" : "#ffffff"

    // The colours of the metrics, the same in gauges, chart and legend. People who cannot distinguish red and green can
    // also distinguish these colours.
    readonly property color warm: dark ? "#35bdb2" : "#0b7d73"
    readonly property color capacity: dark ? "#8fa6af" : "#64787f"
    readonly property color connecting: dark ? "#8aa2ff" : "#4f5bd5"
    readonly property color waiting: dark ? "#f5a83d" : "#b45f06"
    readonly property color leased: dark ? "#e184c5" : "#a8327f"

    // Severity
    readonly property color good: dark ? "#3fcf9a" : "#0f7a55"
    readonly property color careful: dark ? "#f5b54a" : "#9a5b00"
    readonly property color bad: dark ? "#ff8a80" : "#b3261e"

    readonly property int gap: 12
    readonly property int padding: 16
    readonly property int radius: 12
    readonly property int small: 12
    readonly property int normal: 13
    readonly property int controlHeight: 34
    readonly property string mono: Qt.platform.os === "windows" ? "Consolas" : "monospace"

    function faint(colour: color): color {
        return Qt.rgba(colour.r, colour.g, colour.b, dark ? 0.18 : 0.12)
    }
}
