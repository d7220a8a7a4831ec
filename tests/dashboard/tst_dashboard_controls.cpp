// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dashboardbench.h"

#include <QtQuickTest/quicktest.h>

/// Runs the files in qml/: every control and every binding of the dashboard.
class Setup : public QObject
{
    Q_OBJECT

public:
    Setup() = default;

private:
    TestSupport::OwnSettings m_settings;
};

QUICK_TEST_MAIN_WITH_SETUP(tst_dashboard_controls, Setup)
#include "tst_dashboard_controls.moc"
