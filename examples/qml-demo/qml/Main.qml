// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import TidepoolDashboard

/// The window.
ApplicationWindow {
    id: window

    required property Session session
    required property Preferences preferences
    property alias page: page

    // The title in a task bar.
    title: qsTr("%1 - Tidepool").arg(session.headline)
    width: preferences.size.width
    height: preferences.size.height
    minimumWidth: 340
    minimumHeight: 480
    visible: true
    color: Theme.background
    palette {
        window: Theme.background
        windowText: Theme.text
        base: Theme.card
        text: Theme.text
        button: Theme.card
        buttonText: Theme.text
        highlight: Theme.accent
        highlightedText: Theme.accentText
        toolTipBase: Theme.cardRaised
        toolTipText: Theme.text
        mid: Theme.lineStrong
        dark: Theme.lineStrong
        placeholderText: Theme.textMuted
    }

    onActiveFocusItemChanged: {
        for (let item = activeFocusItem; item; item = item.parent)
            if (item === page.contentItem) {
                page.reveal(activeFocusItem)
                break
            }
    }

    onClosing: preferences.size = Qt.size(width, height)

    Binding {
        target: Theme
        property: "choice"
        value: window.preferences.theme
    }

    header: TopBar {
        session: window.session
        onThemeChosen: choice => window.preferences.theme = choice
    }
    Dashboard {
        id: page
        objectName: "page"
        anchors.fill: parent
        session: window.session
    }

    readonly property Lab lab: session.kind === Session.Kind.Lab ? session.lab : null

    component Key: Shortcut {
        context: Qt.WindowShortcut
        autoRepeat: false
    }

    Key {
        sequences: ["S"]
        onActivated: window.session.running ? window.session.stop() : window.session.start()
    }
    Key {
        sequences: ["P"]
        enabled: window.session.running
        onActivated: window.session.paused ? window.session.resume() : window.session.pause()
    }
    Key {
        sequences: ["F"]
        enabled: window.session.running
        onActivated: window.session.flush()
    }
    Key {
        sequences: ["D"]
        enabled: window.session.running
        onActivated: window.session.drain()
    }
    Key {
        sequences: ["R"]
        enabled: window.session.canRetry
        onActivated: window.session.retryNow()
    }
    Key {
        sequences: ["B"]
        enabled: window.lab !== null && window.lab.running
        onActivated: window.lab.burst()
    }
    Key {
        sequences: ["O"]
        enabled: window.lab !== null && window.lab.running
        onActivated: window.lab.outage ? window.lab.endOutage() : window.lab.beginOutage()
    }
    Key {
        sequences: ["H"]
        enabled: window.lab !== null && window.lab.running
        onActivated: window.lab.attack()
    }
    Key {
        sequences: ["Ctrl+Q"]
        onActivated: window.close()
    }
    Key {
        sequences: ["PgDown"]
        autoRepeat: true
        onActivated: page.contentY = Math.min(page.contentY + page.height * 0.8, page.contentHeight - page.height)
    }
    Key {
        sequences: ["PgUp"]
        autoRepeat: true
        onActivated: page.contentY = Math.max(page.contentY - page.height * 0.8, 0)
    }
}
