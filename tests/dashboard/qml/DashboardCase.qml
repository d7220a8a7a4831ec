// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtTest
import TidepoolDashboard

/// A test case with the whole page and a running lab.
TestCase {
    id: base

    property Session session
    property Dashboard page
    property int pageWidth: 1280
    property int load: 0

    when: windowShown
    width: 1280
    height: 880
    visible: true

    Component {
        id: sessions
        Session {}
    }
    Component {
        id: pages
        Dashboard {
            height: 880
            session: base.session
        }
    }

    function init() {
        session = createTemporaryObject(sessions, base)
        session.lab.load = load
        page = createTemporaryObject(pages, base, { width: pageWidth })
        verify(session.startLab())
        tryVerify(() => session.status.active >= 8, 20000)
        waitForRendering(page)
    }

    function cleanup() {
        page.destroy()
        session.stop()
    }

    function part(name) {
        const found = findChild(page, name)
        verify(found, name)
        return found
    }

    /// Clicks in the middle, where it can be seen.
    function press(name) {
        const control = part(name)
        page.reveal(control)
        mouseClick(control)
    }
}
