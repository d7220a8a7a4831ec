// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

import QtCore
import QtQuick
import QtQuick.Controls.Basic
import TidepoolDashboard

/// The window.
ApplicationWindow {
    id: window

    required property Session session
    /// A picture is taken: what the user once chose does not count.
    property bool keepsSettings: true
    property alias page: page

    title: qsTr("Tidepool: %1").arg(session.title)
    width: 1280
    height: 880
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
        highlightedText: Theme.onAccent
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

    Loader {
        active: window.keepsSettings
        sourceComponent: Settings {
            id: settings

            property alias width: window.width
            property alias height: window.height
            property int theme: Theme.choice

            category: "window"
            Component.onCompleted: Theme.choice = theme
            readonly property Connections follow: Connections {
                target: Theme
                function onChoiceChanged() { settings.theme = Theme.choice }
            }
        }
    }

    header: TopBar {
        session: window.session
        onThemeChosen: choice => Theme.choice = choice
    }
    Dashboard {
        id: page
        objectName: "page"
        anchors.fill: parent
        session: window.session
    }

    readonly property Lab lab: session.kind === Session.Lab ? session.lab : null

    component Key: Shortcut { context: Qt.WindowShortcut }

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
        enabled: window.lab !== null
        onActivated: window.lab.burst()
    }
    Key {
        sequences: ["O"]
        enabled: window.lab !== null
        onActivated: window.lab.outage ? window.lab.endOutage() : window.lab.beginOutage()
    }
    Key {
        sequences: ["H"]
        enabled: window.lab !== null
        onActivated: window.lab.attack()
    }
    Key {
        sequences: [StandardKey.Quit]
        onActivated: window.close()
    }
    Key {
        sequences: [StandardKey.MoveToNextPage]
        onActivated: page.contentY = Math.min(page.contentY + page.height * 0.8, page.contentHeight - page.height)
    }
    Key {
        sequences: [StandardKey.MoveToPreviousPage]
        onActivated: page.contentY = Math.max(page.contentY - page.height * 0.8, 0)
    }
}
