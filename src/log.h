// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QLoggingCategory>

/// The library's only logging category, "tidepool". Nothing secret is ever logged.
Q_DECLARE_LOGGING_CATEGORY(lcTidepool)
