// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtQuick

/// Small, muted text.
Text {
    color: Theme.textMuted
    font.pixelSize: Theme.small
    wrapMode: Text.WordWrap
}
