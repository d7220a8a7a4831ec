// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick

/// Shows which element has the keyboard focus.
Rectangle {
    required property bool shown

    anchors.fill: parent
    anchors.margins: -3
    radius: 10
    color: "transparent"
    border.width: 2
    border.color: Theme.accent
    visible: shown
}
