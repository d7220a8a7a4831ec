// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs tst_quick.qml.

#include <QtQuickTest/quicktest.h>

QUICK_TEST_MAIN(tst_quick)
