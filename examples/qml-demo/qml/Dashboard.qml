// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Tidepool
import TidepoolDashboard

/// Everything below the title bar. One column on a phone, two on a desktop.
Flickable {
    id: page

    required property Session session
    readonly property bool wide: width >= 1000
    readonly property int margin: width < 500 ? 12 : 20
    property alias history: history
    property alias events: events

    contentWidth: width
    contentHeight: Math.max(grid.implicitHeight + 2 * margin, height)
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: ScrollBar {}

    /// Scrolls the item with the keyboard focus into view.
    function reveal(item: Item) {
        const top = item.mapToItem(contentItem, 0, 0).y
        if (top < contentY + margin)
            contentY = Math.max(top - margin, 0)
        else if (top + item.height > contentY + height - margin)
            contentY = Math.min(top + item.height - height + margin, contentHeight - height)
    }

    PoolHistory {
        id: history
        pool: page.session.pool
        item: page
    }

    Connections {
        target: page.session
        function onFailed(sentence) { events.addFailure(sentence) }
    }

    GridLayout {
        id: grid

        x: page.margin
        y: page.margin
        width: page.width - 2 * page.margin
        height: page.contentHeight - 2 * page.margin
        columns: page.wide ? 2 : 1
        columnSpacing: Theme.gap
        rowSpacing: Theme.gap

        SidePanel {
            objectName: "sidePanel"
            Layout.row: page.wide ? 0 : 2
            Layout.column: 0
            Layout.rowSpan: page.wide ? 4 : 1
            Layout.fillWidth: !page.wide
            Layout.fillHeight: page.wide
            Layout.preferredWidth: page.wide ? 296 : -1
            session: page.session
        }
        StatusHeader {
            objectName: "statusHeader"
            Layout.row: 0
            Layout.column: page.wide ? 1 : 0
            Layout.fillWidth: true
            session: page.session
            wide: page.width >= (page.wide ? 1120 : 780)
        }
        Gauges {
            objectName: "gauges"
            Layout.row: 1
            Layout.column: page.wide ? 1 : 0
            Layout.fillWidth: true
            Layout.minimumWidth: 0 // otherwise its six columns would prevent a layout with three
            status: page.session.status
            history: history
            throughput: page.session.throughput
        }
        GridLayout {
            Layout.row: page.wide ? 2 : 3
            Layout.column: page.wide ? 1 : 0
            Layout.fillWidth: true
            Layout.fillHeight: page.wide
            Layout.minimumWidth: 0
            columns: width >= 700 ? 3 : 1
            columnSpacing: Theme.gap
            rowSpacing: Theme.gap

            HistoryChart {
                objectName: "historyChart"
                Layout.columnSpan: parent.columns === 3 ? 2 : 1
                Layout.fillWidth: true
                Layout.fillHeight: true
                history: history
            }
            Latency {
                objectName: "latency"
                Layout.fillWidth: parent.columns === 1
                Layout.fillHeight: true
                Layout.preferredWidth: parent.columns === 3 ? 268 : -1
                status: page.session.status
            }
        }
        GridLayout {
            Layout.row: page.wide ? 3 : 4
            Layout.column: page.wide ? 1 : 0
            Layout.fillWidth: true
            Layout.fillHeight: page.wide
            Layout.minimumWidth: 0
            columns: width >= 700 ? 2 : 1
            columnSpacing: Theme.gap
            rowSpacing: Theme.gap

            EventList {
                id: events
                objectName: "eventList"
                Layout.fillWidth: true
                Layout.fillHeight: true
                Layout.preferredWidth: 1
                pool: page.session.pool
                serverPool: page.session.serverPool
            }
            ConnectionsTable {
                objectName: "connectionsTable"
                Layout.fillWidth: true
                Layout.fillHeight: true
                Layout.preferredWidth: 1
                pool: page.session.pool
            }
        }
    }
}
