// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import TidepoolDashboard

DashboardCase {
    id: layout

    name: "Layout"

    /// Every visible text must lie inside the page, and must have room for its words.
    function examine(item) {
        for (let i = 0; i < item.children.length; ++i) {
            const child = item.children[i]
            if (!child.visible || child.width <= 0 || child.height <= 0)
                continue
            const left = child.mapToItem(page.contentItem, 0, 0).x
            verify(left >= -4 && left + child.width <= page.width + 4,
                   child + " " + child.objectName + " at " + left + ", " + child.width + " wide")
            if (child.text !== undefined && child.implicitWidth !== undefined && child.truncated === true
                    && child.maximumLineCount > 100)
                fail("\"" + child.text + "\" is cut")
            // A list keeps rows that it does not show.
            if (!child.clip)
                examine(child)
        }
    }

    function test_fits_data() {
        const rows = []
        for (const width of [360, 420, 600, 768, 999, 1000, 1280, 1920, 2560])
            rows.push({ tag: String(width), width: width })
        return rows
    }

    function test_fits(data) {
        page.width = data.width
        waitForRendering(page)
        examine(page.contentItem)
        compare(page.contentWidth, data.width)
        verify(page.contentHeight >= page.height)
    }

    function test_wideShowsAllAtOnce() {
        compare(page.contentHeight, page.height)
    }

    Component {
        id: bars
        TopBar { session: layout.session }
    }

    // Where there is room for signs only, a screen reader says the words.
    function test_themesHaveNames_data() {
        return [{ tag: "wide", width: 1280 }, { tag: "narrow", width: 360 }]
    }

    function test_themesHaveNames(data) {
        const bar = createTemporaryObject(bars, layout, { width: data.width })
        const choice = findChild(bar, "themeChoice")
        const names = [0, 1, 2].map(index => findChild(choice, "segment" + index).Accessible.name)
        compare(names, ["System", "Light", "Dark"])
    }

    // WCAG's formula.
    function luminance(colour) {
        const part = value => value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4)
        return 0.2126 * part(colour.r) + 0.7152 * part(colour.g) + 0.0722 * part(colour.b)
    }

    function contrast(a, b) {
        const first = luminance(a)
        const second = luminance(b)
        return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05)
    }

    function test_contrast_data() {
        return [{ tag: "light", choice: 1 }, { tag: "dark", choice: 2 }]
    }

    function test_contrast(data) {
        Theme.choice = data.choice
        compare(Theme.dark, data.choice === 2)
        for (const ink of ["text", "textMuted", "accent", "warm", "waiting", "connecting", "leased", "good", "careful",
                           "bad", "capacity"])
            verify(contrast(Theme[ink], Theme.card) >= 4.5, ink + ": " + contrast(Theme[ink], Theme.card))
        verify(contrast(Theme.accentText, Theme.accent) >= 4.5)
        // The outline of what can be used.
        verify(contrast(Theme.lineStrong, Theme.card) >= 2.9, contrast(Theme.lineStrong, Theme.card))
        Theme.choice = 1
    }

    function test_revealScrolls() {
        page.width = 360
        waitForRendering(page)
        compare(page.contentY, 0)
        page.reveal(part("connections"))
        verify(page.contentY > 500)
        page.reveal(part("startButton"))
        verify(page.contentY < 200)
    }
}
